package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
)

func (a *app) driftAcceptCommand() *cobra.Command {
	var q lab.Accept
	var o flags.Stream
	cmd := &cobra.Command{
		Use:   "accept PROFILE -o PROFILE",
		Short: "Make what a stream is now the reference that it is compared with",
		Long: `Writes a profile of the last windows of a watched stream, and binds the stream's store to it. An open episode is over, what episodes spent of
the budget stays spent, and the store keeps what the stream was compared with before. Watch the stream with the new profile from then on.`,
		Example: `  facet drift accept reference.profile --store drift.db -o summer.profile --note "the new camera"`,
		Args:    argsBetween(1, 1, "the PROFILE that the stream is compared with"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if q.Folder == "" {
				return flags.Mistakef("facet drift accept: expected -o PROFILE, the folder to write")
			}
			q.Profile = args[0]
			if err := o.Read(&q.Watch); err != nil {
				return err
			}
			l, err := a.openProfileLab(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer l.Close()
			r, err := l.Accept(cmd.Context(), q)
			if err != nil {
				return asUsage(err)
			}
			if a.json {
				return encodeJSON(a.stdout, r)
			}
			_, err = fmt.Fprintf(a.stdout, "%s: %d images of windows %d to %d; the stream is compared with it from window %d on\n", r.Profile, r.Images, r.From, r.Window, r.Window+1)
			return err
		},
	}
	f := cmd.Flags()
	o.Flags(f, &q.Watch)
	flags.Number(f, &q.Windows, "windows", 0, flags.SomeOrNone, "of how many of the last windows; 0: all whose images are kept, ten")
	f.StringVarP(&q.Folder, "output", "o", "", "write the profile into `FOLDER`, new")
	f.StringVar(&q.Note, "note", "", "a `TEXT` that the store keeps with the change")
	return cmd
}
