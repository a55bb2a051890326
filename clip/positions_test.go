package clip

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/facet-clip/facet/internal/golden"
)

// TestInterpolatePositions compares with torch.nn.functional.interpolate(mode="bicubic", align_corners=False), whose results were
// kept to six digits.
func TestInterpolatePositions(t *testing.T) {
	data, err := os.ReadFile("testdata/positions.json")
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Grid, Channels int
		Positions      []float32
		Cases          []struct {
			H, W int
			Want []float32
		}
	}
	if err := json.Unmarshal(data, &truth); err != nil {
		t.Fatal(err)
	}
	for _, c := range truth.Cases {
		got := interpolatePositions(truth.Positions, truth.Grid, c.H, c.W, truth.Channels)
		golden.Compare(t, fmt.Sprintf("%d×%d", c.H, c.W), got, c.Want, 2e-6, 2e-6)
	}
}
