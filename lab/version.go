package lab

import (
	"runtime"
	"runtime/debug"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
)

// release is the version that a release was made as; the linker sets it. Other builds are what Go says they are.
var release string

// Version says which facet this is, and which engine it finds.
func Version() *answer.Version {
	v := &answer.Version{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Engine: findEngine()}
	if info, ok := debug.ReadBuildInfo(); ok {
		addBuild(v, info)
	}
	return v
}

// addBuild takes what Go wrote into the binary.
func addBuild(v *answer.Version, info *debug.BuildInfo) {
	v.Module = info.Main.Path
	for _, known := range []string{info.Main.Version, release} {
		if known != "" {
			v.Version = known
		}
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			v.Time = s.Value
		case "vcs.modified":
			modified := s.Value == "true"
			v.Modified = &modified
		}
	}
}

// findEngine looks for ONNX Runtime as a lab does.
func findEngine() answer.Engine {
	e, err := ort.New(ort.Options{})
	if err != nil {
		return answer.Engine{Name: portable.New().Name(), Reason: err.Error()}
	}
	return answer.Engine{Name: e.Name(), Library: ort.Library()}
}
