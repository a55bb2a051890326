// Package lab answers every question that facet can answer. A [Lab] holds a model with its decomposition, atlases, banks and labels; each
// question is a struct whose zero value is useful, each answer a type of package answer.
//
//	l, err := lab.Open(ctx, lab.Config{Model: "RN50"})
//	if err != nil { … }
//	defer l.Close()
//	found, err := l.Search(ctx, lab.Search{Text: "a yellow car"})
//
// Two kinds of questions have rooms of their own beside it: lab/editing changes weights, and lab/comparing tells two models apart.
//
// A lab is safe for concurrent use. It opens and verifies an atlas or a bank once, and again when its files change. Mistakes in a question
// wrap [ErrQuestion]; all other errors are about files, models or the machine.
package lab
