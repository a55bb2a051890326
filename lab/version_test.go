package lab

import (
	"runtime/debug"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
)

func TestVersionOfBuild(t *testing.T) {
	modified := true
	for _, test := range []struct {
		name string
		info debug.BuildInfo
		want answer.Version
	}{
		{"repository", debug.BuildInfo{
			Main: debug.Module{Path: "example.org/m", Version: "v1.2.4-0.20261125120000-0123456789ab+dirty"},
			Settings: []debug.BuildSetting{
				{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-11-25T12:00:00Z"}, {Key: "vcs.modified", Value: "true"},
			},
		}, answer.Version{Module: "example.org/m", Version: "v1.2.4-0.20261125120000-0123456789ab+dirty", Commit: "0123456789abcdef", Time: "2026-11-25T12:00:00Z", Modified: &modified}},
		{"module", debug.BuildInfo{Main: debug.Module{Path: "example.org/m", Version: "v1.2.3"}}, answer.Version{Module: "example.org/m", Version: "v1.2.3"}},
		{"neither", debug.BuildInfo{Main: debug.Module{Path: "example.org/m"}}, answer.Version{Module: "example.org/m", Version: "(devel)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := answer.Version{Version: "(devel)"}
			addBuild(&got, &test.info)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
