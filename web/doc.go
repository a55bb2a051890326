// Package web serves a lab over HTTP: an API under /api/v1 and pages for people, through one set of guards.
//
// # Names in place of paths
//
// No answer says where anything lies on the machine. An atlas and a bank are known by the last part of their path, a model that is a file by
// its file's name, a picture of an atlas by its number and by its path within its dataset, an upload by the name that came with it. So an
// answer has the bytes that the command line prints with --json in the folder where atlases, banks, the model and the picture lie. One field
// differs: the path of a picture of an atlas, which the command line tells in full ([Server.hide]).
//
// # What a request passes
//
// In this order: the record of the request, the check of its Host, headers that browsers go by, the check of its origin, the token, the
// memory of answers, limits, the handler. Pages are in pages.go and the folder ui.
package web
