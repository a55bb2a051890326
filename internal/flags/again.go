package flags

import (
	"strings"

	"github.com/spf13/pflag"
)

// Again adds a flag with a text, which may be given again; each is one more of all.
func Again(f *pflag.FlagSet, all *[]string, name, usage string) { f.Var((*again)(all), name, usage) }

type again []string

func (a *again) Set(text string) error {
	*a = append(*a, text)
	return nil
}

func (a *again) String() string { return strings.Join(*a, ", ") }

// Type is that of one of them.
func (a *again) Type() string { return "string" }
