package flags

import (
	"testing"

	"github.com/spf13/pflag"
)

// TestPercent: a share is given as 0.8, 80% or 80 %; another number is no percentage.
func TestPercent(t *testing.T) {
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	var share, wide float64
	Number(f, &share, "cover", 0.5, Span[float64]{Least: 0, Most: 1, Above: true}, "")
	Number(f, &wide, "wide", 1, Span[float64]{Least: 0, Most: 10}, "")
	for _, text := range []string{"0.8", "80%", "80 %"} {
		if err := f.Set("cover", text); err != nil || share != 0.8 {
			t.Errorf("%s: %v, %v", text, share, err)
		}
	}
	for _, wrong := range [][2]string{{"cover", "0%"}, {"cover", "101 %"}, {"cover", "%"}, {"cover", "NaN%"}, {"wide", "80%"}} {
		if err := f.Set(wrong[0], wrong[1]); err == nil {
			t.Errorf("--%s %s is taken", wrong[0], wrong[1])
		}
	}
}
