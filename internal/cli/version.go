package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
)

// versionResult is what facet version --json prints.
type versionResult struct {
	Module   string       `json:"module"`
	Version  string       `json:"version"`            // of the module; (devel) where Go does not know
	Commit   string       `json:"commit,omitempty"`   // absent where it was not built from a repository
	Time     string       `json:"time,omitempty"`     // of the commit
	Modified *bool        `json:"modified,omitempty"` // files differed from the commit
	Go       string       `json:"go"`
	Platform string       `json:"platform"`
	Engine   engineRecord `json:"engine"`
}

// engineRecord is the engine that many pictures run on.
type engineRecord struct {
	Name    string `json:"name"`              // with its version
	Library string `json:"library,omitempty"` // of ONNX Runtime
	Reason  string `json:"reason,omitempty"`  // why it is not ONNX Runtime
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Say which facet this is, and which engine it finds",
		Example: "  facet version --json",
		Args:    argsBetween(0, 0, "no arguments"),
		RunE:    func(*cobra.Command, []string) error { return a.version() },
	}
}

func (a *app) version() error {
	v := versionResult{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Engine: findEngine()}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.build(info)
	}
	if a.json {
		return encodeJSON(a.stdout, v)
	}
	row := func(name, value string) { fmt.Fprintf(a.stdout, "%-9s %s\n", name, value) }
	row("facet", v.Version)
	if v.Commit != "" {
		commit := v.Commit + ", " + v.Time
		if v.Modified != nil && *v.Modified {
			commit += ", modified"
		}
		row("commit", commit)
	}
	row("go", v.Go)
	row("platform", v.Platform)
	row("engine", v.Engine.Name)
	if v.Engine.Library != "" {
		row("library", v.Engine.Library)
	}
	if v.Engine.Reason != "" {
		row("", "because "+v.Engine.Reason)
	}
	return nil
}

// build takes what Go wrote into the binary.
func (v *versionResult) build(info *debug.BuildInfo) {
	v.Module = info.Main.Path
	if info.Main.Version != "" {
		v.Version = info.Main.Version
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

// findEngine looks for ONNX Runtime as every verb does.
func findEngine() engineRecord {
	e, err := ort.New(ort.Options{})
	if err != nil {
		return engineRecord{Name: portable.New().Name(), Reason: err.Error()}
	}
	return engineRecord{Name: e.Name(), Library: ort.Library()}
}
