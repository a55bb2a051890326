//go:build unix

package regular

import "syscall"

// nonblock keeps opening from waiting for whoever is at a pipe's other end.
const nonblock = syscall.O_NONBLOCK
