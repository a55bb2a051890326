package labtest

import (
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/atomicfile"
)

// Weather writes pictures of dry scenes with cars and of snowy ones into a folder, and a manifest of them with their group, dry or snowy.
func Weather(t testing.TB, manifest, folder string, seed, dry, snowy int) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	lines := []string{"path,group"}
	add := func(scenes, group string, n int) {
		for k := range n {
			picture := filepath.Join(folder, fmt.Sprintf("%s-%d-%d.png", group, seed, k))
			err := dataset.NewDecoder(0).Picture(t.Context(), fmt.Sprintf("%s&n=200&seed=%d&size=64#%d", scenes, seed, k), func(img *image.NRGBA) error {
				return atomicfile.Write(picture, func(w io.Writer) error { return png.Encode(w, img) })
			})
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, picture+","+group)
		}
	}
	add("scenes:steady?window=1", "dry", dry)
	add("scenes:snow-arrives?window=11", "snowy", snowy)
	text := strings.Join(lines, "\n") + "\n"
	if err := atomicfile.Write(manifest, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
		t.Fatal(err)
	}
}
