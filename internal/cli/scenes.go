package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/flags"
	"github.com/facet-clip/facet/internal/terminal"
	"github.com/facet-clip/facet/scenes"
)

// sceneLayouts are the ways to arrange scenes in a folder, by the name of the flag.
var sceneLayouts = map[string]func(context.Context, string, scenes.Writing) error{
	"imagefolder": scenes.WriteImageFolder,
	"voc":         scenes.WriteVOC,
	"npy":         scenes.WriteNPY,
}

func (a *app) scenesCommand() *cobra.Command {
	var w scenes.Writing
	var dir, layout string
	cmd := &cobra.Command{
		Use:   "scenes -n N -o DIR",
		Short: "Write pictures of the demo world, with captions and masks",
		Long: `Renders scenes of a small world of known things on known grounds. The same seed gives the same
files everywhere; run again after an interruption, it writes what is missing.`,
		Example: `  facet scenes -n 1000 -o world                     a folder for each category, captions.jsonl, masks
  facet scenes -n 200 -o world-voc --layout voc     the layout of PASCAL VOC, for segmentation
  facet scenes -n 200000 -o train --layout npy      all pictures in one array, for training`,
		Args: argsBetween(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, ok := sceneLayouts[layout]
			switch {
			case !ok:
				return flags.Mistakef("--layout %q: expected imagefolder, voc or npy", layout)
			case dir == "":
				return flags.Mistakef("expected -o DIR, the folder to write")
			case w.Scenes == 0:
				return flags.Mistakef("expected -n N, how many scenes to write, from 1 to %d", scenes.MaxScenes)
			}
			bar := terminal.NewBar(a.stderr, "scenes", w.Scenes)
			defer bar.Done()
			w.Progress = func() { bar.Add(1) }
			if err := write(cmd.Context(), dir, w); err != nil {
				return err
			}
			bar.Done()
			if a.json {
				return encodeJSON(a.stdout, answer.Scenes{Folder: dir, Layout: layout, Scenes: w.Scenes, Seed: w.Seed, Size: w.Size})
			}
			fmt.Fprintf(a.stdout, "%d scenes are in %s\n", w.Scenes, dir)
			return nil
		},
	}
	f := cmd.Flags()
	flags.NumberP(f, &w.Scenes, "scenes", "n", 0, flags.Span[int]{Least: 1, Most: scenes.MaxScenes}, "how many scenes to write")
	f.StringVarP(&dir, "output", "o", "", "write into `DIR`, empty or begun by the same command")
	flags.Number(f, &w.Seed, "seed", 0, flags.Seeds, "the seed of what is drawn: scenes")
	flags.Number(f, &w.Size, "size", 192, flags.Span[int]{Least: scenes.MinSize, Most: scenes.MaxSize}, "side of the pictures in pixels, 32 to 512")
	f.StringVar(&layout, "layout", "imagefolder", "imagefolder, voc or npy")
	return cmd
}
