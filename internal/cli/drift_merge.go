package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/lab"
)

func (a *app) driftMergeCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "merge PROFILE PROFILE... -o PROFILE",
		Short: "Make one profile of several, without their images",
		Long: `Merges profiles of one model that watch the same texts. Moments and sample are those of a profile of all the images. Strong pairs are those that are
strong in every part.`,
		Example: `  facet drift merge monday.profile tuesday.profile -o week.profile`,
		Args:    argsBetween(2, mostProfiles, "profiles"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return flags.Mistakef("facet drift merge: expected -o PROFILE, the folder to write")
			}
			return a.driftMerge(cmd.Context(), args, output)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the merged profile into `FOLDER`, new")
	return cmd
}

const mostProfiles = 1000

func (a *app) driftMerge(ctx context.Context, dirs []string, output string) error {
	if err := profile.Vacant(output); err != nil {
		return err
	}
	l, err := a.openProfileLab(ctx, dirs[0])
	if err != nil {
		return err
	}
	defer l.Close()
	return a.showProfile(l.MergeProfiles(ctx, lab.MergeProfiles{Profiles: dirs, Folder: output}))
}
