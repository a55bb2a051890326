package lab

import (
	"errors"
	"fmt"
)

// ErrQuestion marks a mistake in a question: exit code 2 on the command line, status 400 over HTTP.
var ErrQuestion = errors.New("a mistake in the question")

// Mistake says what is wrong with a question. It is an [ErrQuestion].
type Mistake struct {
	// Field is the field that is wrong, as the command line and the API spell it; empty where it is no single one.
	Field string
	// Problem says what was found and what is expected.
	Problem error
}

func (m *Mistake) Error() string {
	if m.Field == "" {
		return m.Problem.Error()
	}
	return m.Field + " " + m.Problem.Error()
}

func (m *Mistake) Unwrap() error { return m.Problem }

// Is tells that every mistake is an [ErrQuestion].
func (m *Mistake) Is(target error) bool { return target == ErrQuestion }

// Mistakef is a mistake in one field: Mistakef("unit", "%s: expected pair, neuron or head", unit).
func Mistakef(field, format string, args ...any) error {
	return &Mistake{field, fmt.Errorf(format, args...)}
}

// mistake is [Mistakef], as it is called here on every page.
func mistake(field, format string, args ...any) error { return Mistakef(field, format, args...) }

// mistaken makes a [Mistake] of an error that says what is wrong with the question.
func mistaken(err error, mistakes ...error) error {
	for _, m := range mistakes {
		if errors.Is(err, m) {
			return &Mistake{Problem: err}
		}
	}
	return err
}
