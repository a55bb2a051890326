package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/verbs"
)

// argsBetween takes least to most arguments (most < 0: any number); what names them for the user.
func argsBetween(least, most int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least && len(args) == 0:
			return flags.Mistakef("expected %s, found nothing", what)
		case len(args) < least:
			return flags.Mistakef("expected %s, found only %s", what, strings.Join(args, " "))
		case most >= 0 && len(args) > most:
			return flags.Mistakef("%q is too much: expected %s", args[most], what)
		}
		return nil
	}
}

// verbsBelow makes cmd a verb that does nothing but hold other verbs.
func verbsBelow(cmd *cobra.Command) *cobra.Command {
	cmd.Use += " VERB"
	cmd.Args = verbs.Known
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}
