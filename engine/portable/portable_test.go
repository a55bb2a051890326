package portable

import (
	"testing"

	"github.com/facet-clip/facet/engine/enginetest"
)

func TestContract(t *testing.T) { enginetest.Test(t, New()) }
