package editing_test

import (
	"testing"

	"github.com/facet-clip/facet/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const tiny = "../../testdata/tiny/model.safetensors"
