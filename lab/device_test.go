package lab

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/facet-clip/facet/engine/ort"
)

// TestDevice: a device is named well or refused, and a lab on a GPU is not opened where ONNX Runtime has no CUDA: nothing falls back to the processor.
func TestDevice(t *testing.T) {
	for device, gpu := range map[string]int{"": -1, "cpu": -1, "cuda": 0, "cuda:0": 0, "cuda:3": 3} {
		if n, err := (Config{Device: device, Engine: engineAuto}).gpu(); err != nil || n != gpu {
			t.Errorf("%q: %d, %v", device, n, err)
		}
	}
	for _, device := range []string{"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:01", "cuda0", "cpu:0", ":1", "cuda:1:2"} {
		var m *Mistake
		if _, err := Open(t.Context(), Config{Device: device}); !errors.As(err, &m) {
			t.Errorf("%q: %v, expected a mistake", device, err)
		}
	}
	var m *Mistake
	if _, err := Open(t.Context(), Config{Device: "cuda", Engine: enginePortable}); !errors.As(err, &m) || !strings.Contains(err.Error(), "portable") {
		t.Errorf("the portable engine on a GPU: %v", err)
	}
	for _, engine := range []string{"", engineORT} {
		l, err := Open(t.Context(), Config{Device: "cuda", Engine: engine})
		switch {
		case err == nil: // a machine with a GPU and such a library
			if name := l.model.Engine().Name(); !strings.HasSuffix(name, " cuda") {
				t.Errorf("the engine is %q", name)
			}
			l.Close()
		case errors.Is(err, ort.ErrUnavailable) && os.Getenv(ort.Variable) == "": // no ONNX Runtime at all
		case !errors.Is(err, ort.ErrNoCUDA) || !strings.Contains(err.Error(), "onnxruntime-gpu") || !strings.Contains(err.Error(), ort.Library()):
			t.Errorf("engine %q: %v", engine, err)
		default:
			t.Log(err)
		}
	}
}
