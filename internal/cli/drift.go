package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
)

func (a *app) driftCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drift",
		Short: "Say in words how images differ from a reference",
		Example: `  facet drift profile photos/2015 --model RN50 --bank words.txt -o reference.profile
  facet drift compare reference.profile photos/2016 --model RN50 --bank words.txt -o report.html`,
	}
	cmd.AddCommand(a.driftProfileCommand(), a.driftCompareCommand(), a.driftWatchCommand(), a.driftAcceptCommand(), a.driftMergeCommand())
	return verbsBelow(cmd)
}

// driftOptions are the flags that facet drift profile and facet drift compare have.
type driftOptions struct {
	source, output string
	bank           string
	watch          []string
	watchFile      string
	selection      dataset.Options
	strict         bool
}

func (o *driftOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.watch, "watch", nil, "a `TEXT` to follow; may be given more than once")
	f.StringVar(&o.watchFile, "watch-file", "", "a `FILE` with a text to follow a line")
	f.StringVar(&o.bank, "bank", "", "common, objects, a `BANK` of facet texts, or a file with a text a line: name changes by it. Default: common; the demo model has its world's words")
	flags.TimeFormat(f, &o.selection.Times)
	flags.Number(f, &o.selection.Limit, "limit", 0, flags.SomeOrNone, "take at most so many items (default all)")
	flags.Number(f, &o.selection.Stride, "stride", 1, flags.Some, "take every n-th item")
	f.BoolVar(&o.strict, "strict", false, "stop at the first file that cannot be read, instead of counting it")
}

// openProfileLab opens the lab of the model that made a profile.
func (a *app) openProfileLab(ctx context.Context, dir string) (*lab.Lab, error) {
	l, err := lab.OpenForProfile(ctx, a.config(), dir)
	return l, asUsage(err)
}
