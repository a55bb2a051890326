// Package flags reads what the flags of a command line hold: numbers within a range, forms of times, lists or files, texts that are not files.
package flags

import "fmt"

// Mistake is a mistake in the command line itself, and not in what it names.
type Mistake struct{ Err error }

func (m Mistake) Error() string { return m.Err.Error() }

func (m Mistake) Unwrap() error { return m.Err }

// Mistakef makes a Mistake as [fmt.Errorf] makes errors.
func Mistakef(format string, args ...any) error { return Mistake{fmt.Errorf(format, args...)} }
