package cli

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// renamedFlag is a flag that was called otherwise once, in some verb.
type renamedFlag struct{ old, now string }

// renamedFlags are all of them. Old names work and are not shown.
var renamedFlags = map[string][]renamedFlag{
	"explain":               {{"words", "bank"}},
	"segment":               {{"words", "bank"}, {"window", "window-side"}, {"stride", "window-stride"}},
	"evaluate segmentation": {{"window", "window-side"}, {"stride", "window-stride"}},
	"evaluate labels":       {{"labels", "labels-from"}},
	"neuron":                {{"pairs", "top"}},
	"scenes":                {{"out", "output"}},
}

// acceptOldFlags lets a verb take the old names of its flags, and notes which were used.
func (a *app) acceptOldFlags(cmd *cobra.Command, renamed []renamedFlag) {
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		for _, r := range renamed {
			if name == r.old {
				if !slices.Contains(a.oldFlags, r) {
					a.oldFlags = append(a.oldFlags, r)
				}
				return pflag.NormalizedName(r.now)
			}
		}
		return pflag.NormalizedName(name)
	})
}
