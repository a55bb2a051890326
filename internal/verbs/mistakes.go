package verbs

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/internal/flags"
)

// Known refuses a verb that is not below cmd and names the nearest.
func Known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	near := nearest(cmd, args[0])
	if len(near) > 0 {
		return flags.Mistakef("there is no verb %q: did you mean %s?", args[0], strings.Join(near, " or "))
	}
	if cmd.HasParent() {
		var all []string
		for _, v := range cmd.Commands() {
			all = append(all, v.Name())
		}
		return flags.Mistakef("there is no verb %q: expected %s", args[0], strings.Join(all, ", "))
	}
	return flags.Mistakef("there is no verb %q", args[0])
}

// nearest are the verbs below cmd whose names are most like one that is not there.
func nearest(cmd *cobra.Command, name string) []string {
	cmd.SuggestionsMinimumDistance = max(1, min(2, len(name)/2), len(name)/3) // letters that may be wrong
	return cmd.SuggestionsFor(name)
}

// FlagError is a usage error of what is wrong with a flag. It names the nearest flag where there is none of that name, and the range of a number.
func FlagError(cmd *cobra.Command, err error) error {
	if cmd.HasSubCommands() {
		if verb := Known(cmd, cmd.Flags().Args()); verb != nil {
			return verb // it is the verb's flags that are not known
		}
	}
	if out := flags.OutOfRange(err); out != nil {
		return out
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return flags.Mistake{Err: err}
	}
	names := &cobra.Command{} // whose verbs stand for flags: both are searched alike
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names.AddCommand(&cobra.Command{Use: "--" + f.Name, Run: func(*cobra.Command, []string) {}})
		}
	})
	if near := nearest(names, "--"+unknown.GetSpecifiedName()); len(near) > 0 {
		return flags.Mistakef("%w: did you mean %s?", err, strings.Join(near, " or "))
	}
	return flags.Mistake{Err: err}
}
