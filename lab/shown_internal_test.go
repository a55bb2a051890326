package lab

import (
	"testing"

	"github.com/facet-clip/facet/segment/benchmark"
)

// TestShownOfImageNet: two pairs of ImageNet's 1000 classes have one name each, and a class has 80 prompts. The set that was given stays as it is.
func TestShownOfImageNet(t *testing.T) {
	of := &benchmark.Set{Split: true}
	set, err := shownOfImageNet(of)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Shown) != 998 || set.Shown[0].Name != "tench" || len(set.Prompts(0, "tench")) != 80 || of.Shown != nil {
		t.Errorf("%d classes, %v", len(set.Shown), set.Shown[:1])
	}
}
