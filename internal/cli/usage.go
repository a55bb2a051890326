package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a mistake in the command line itself.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// argsBetween takes least to most arguments (most < 0: any number); what names them for the user.
func argsBetween(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least && len(args) == 0:
			return usagef("expected %s, found nothing", what)
		case len(args) < least:
			return usagef("expected %s, found only %s", what, strings.Join(args, " "))
		case most >= 0 && len(args) > most:
			return usagef("%q is too much: expected %s", args[most], what)
		}
		return nil
	}
}

// verbsBelow makes cmd a verb that does nothing but hold other verbs.
func verbsBelow(cmd *cobra.Command) *cobra.Command {
	cmd.Use += " VERB"
	cmd.Args = knownVerb
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

// knownVerb refuses a verb that is not below cmd and names the nearest.
func knownVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	near := nearest(cmd, args[0])
	if len(near) > 0 {
		return usagef("there is no verb %q: did you mean %s?", args[0], strings.Join(near, " or "))
	}
	if cmd.HasParent() {
		var all []string
		for _, v := range cmd.Commands() {
			all = append(all, v.Name())
		}
		return usagef("there is no verb %q: expected %s", args[0], strings.Join(all, ", "))
	}
	return usagef("there is no verb %q", args[0])
}

// nearest are the verbs below cmd whose names are most like one that is not there.
func nearest(cmd *cobra.Command, name string) []string {
	cmd.SuggestionsMinimumDistance = max(1, min(2, len(name)/2), len(name)/3) // letters that may be wrong
	return cmd.SuggestionsFor(name)
}

// flagError is a usage error of what is wrong with a flag. It names the nearest flag where there is none of that name, and the range of a number.
func flagError(cmd *cobra.Command, err error) error {
	if cmd.HasSubCommands() {
		if verb := knownVerb(cmd, cmd.Flags().Args()); verb != nil {
			return verb // it is the verb's flags that are not known
		}
	}
	if out := outOfRange(err); out != nil {
		return out
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return usageError{err}
	}
	flags := &cobra.Command{} // whose verbs stand for flags: both are searched alike
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			flags.AddCommand(&cobra.Command{Use: "--" + f.Name, Run: func(*cobra.Command, []string) {}})
		}
	})
	if near := nearest(flags, "--"+unknown.GetSpecifiedName()); len(near) > 0 {
		return usagef("%w: did you mean %s?", err, strings.Join(near, " or "))
	}
	return usageError{err}
}
