// Package flags reads what the flags of a command line hold: numbers within a range, forms of times, lists or files, texts that are not files.
package flags

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"
)

// Mistake is a mistake in the command line itself, and not in what it names.
type Mistake struct{ Err error }

func (m Mistake) Error() string { return m.Err.Error() }

func (m Mistake) Unwrap() error { return m.Err }

// Mistakef makes a Mistake as [fmt.Errorf] makes errors.
func Mistakef(format string, args ...any) error { return Mistake{fmt.Errorf(format, args...)} }

// Compat is the flag --compat, whose one value is reference: as the published code does it.
func Compat(f *pflag.FlagSet, reference *bool, what string) {
	f.Var((*compat)(reference), "compat", "reference: "+what)
}

// Bank are the flags --bank and --truncate; what says what the texts are for.
func Bank(f *pflag.FlagSet, bank *string, truncate *bool, what string) {
	f.StringVar(bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: "+what+". Default: common; the demo model has its own")
	f.BoolVar(truncate, "truncate", false, "cut texts that are too long instead of refusing them")
}

type compat bool

func (c *compat) Type() string { return "string" }

func (c *compat) String() string {
	if c == nil || !bool(*c) {
		return ""
	}
	return "reference"
}

func (c *compat) Set(text string) error {
	if text != "reference" {
		return errors.New("expected reference")
	}
	*c = true
	return nil
}
