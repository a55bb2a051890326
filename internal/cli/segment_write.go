package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/show"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/segment"
)

// writeSegmented leaves what is known of one picture in the output folder; its JSON comes last, so that where it is, all is.
func writeSegmented(o segmentOptions, name string, one *lab.Segmented, head answer.Segmentation) error {
	base := filepath.Join(o.output, name)
	if err := os.MkdirAll(filepath.Dir(base), 0o755); err != nil {
		return err
	}
	if err := os.Remove(base + ".json"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err // of an earlier run
	}
	if err := writePNG(base+".labels.png", one.Labelled()); err != nil {
		return err
	}
	if err := writePNG(base+".overlay.png", one.Overlay()); err != nil {
		return err
	}
	if o.saveLogits {
		if err := writeMaps(base+".maps", one.Maps); err != nil {
			return err
		}
	}
	head.Images = []answer.SegmentedImage{one.Answer}
	return writeJSON(base+".json", head)
}

// writeMaps writes the logit map of each class [H,W], one at a time, so that memory holds one.
func writeMaps(dir string, maps *segment.Maps) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for c, name := range maps.Classes.Names {
		logits := maps.Class(c)
		if logits == nil {
			continue // background by threshold has no logits
		}
		path := filepath.Join(dir, fmt.Sprintf("%03d-%s.npy", c, fileName(name)))
		if err := writeNPY(path, logits, maps.Size.Y, maps.Size.X); err != nil {
			return err
		}
	}
	return nil
}

// fileName keeps letters and digits of a name, and at most 40 of them.
func fileName(name string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '-'
	}, name))
	return string(runes[:min(len(runes), 40)])
}

func (a *app) printSegmented(images []answer.SegmentedImage, o segmentOptions) {
	for i, s := range images {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		fmt.Fprintln(a.stdout, text.Bold.Sprint(s.Image))
		for _, c := range s.Classes {
			fmt.Fprintf(a.stdout, "  %5.1f %%  %s\n", 100*c.Share, c.Class)
		}
		if s.Why != nil {
			show.Region(a.stdout, *s.Why)
		}
	}
	if o.output != "" {
		fmt.Fprintf(a.stdout, "\nLabels and overlays are in %s\n", o.output)
	}
}
