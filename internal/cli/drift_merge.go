package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
)

func (a *app) driftMergeCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "merge PROFILE PROFILE... -o PROFILE",
		Short: "Make one profile of several, without their images",
		Long: `Merges profiles of one model that watch the same texts: moments and sample are those of a profile of all the images; strong
pairs are those that are strong in every part.`,
		Example: `  facet drift merge monday.profile tuesday.profile -o week.profile`,
		Args:    argsBetween(2, mostProfiles, "profiles"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if output == "" {
				return usagef("facet drift merge: expected -o PROFILE, the folder to write")
			}
			return a.driftMerge(cmd.Context(), args, output)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the merged profile into `FOLDER`, new")
	return cmd
}

const mostProfiles = 1000

func (a *app) driftMerge(ctx context.Context, dirs []string, output string) error {
	if _, err := os.Lstat(output); err == nil {
		return fmt.Errorf("%s: it exists already; a profile goes into a new folder", output)
	}
	m, ov, err := a.openProfileModel(ctx, dirs[0])
	if err != nil {
		return err
	}
	defer m.Close()
	var header profile.Header
	var parts []*drift.Profile
	var sources []string
	for _, dir := range dirs {
		p, err := m.openProfile(ctx, dir, ov)
		if err != nil {
			return err
		}
		h, err := profile.ReadHeader(dir)
		if err != nil {
			return err
		}
		if len(parts) > 0 && h.ExifRotate != header.ExifRotate {
			return fmt.Errorf("%s: turned by EXIF data = %t, of %s %t; merge profiles that were made alike", dir, h.ExifRotate, dirs[0], header.ExifRotate)
		}
		parts, sources = append(parts, p), append(sources, h.Source)
		header.Unread += h.Unread
		header.Skipped = append(header.Skipped, h.Skipped[:min(len(h.Skipped), unreadShown-len(header.Skipped))]...)
		if len(parts) == 1 { // whose labels the merged profile has
			header.Model, header.Bank, header.ExifRotate = h.Model, h.Bank, h.ExifRotate
			by, err := m.lab.Made(ctx)
			if err != nil {
				return err
			}
			header.Model.File = by.File
		}
	}
	header.Source = strings.Join(sources, " + ")
	p, err := drift.Merge(parts, ov.Norms())
	if err != nil {
		return err
	}
	if err := profile.Write(output, header, p); err != nil {
		return err
	}
	return a.showProfile(output)
}
