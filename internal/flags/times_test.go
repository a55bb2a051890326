package flags

import (
	"testing"

	"github.com/facet-clip/facet/dataset"
)

func TestTimeFormatFlag(t *testing.T) {
	var at dataset.TimeFormat
	f := timeFormat{&at}
	if err := f.Set("unix-ms"); err != nil || at != dataset.UnixMilli {
		t.Errorf("%s, %v", at, err)
	}
	if f.Set("epoch") == nil {
		t.Error("epoch is taken for a format")
	}
}
