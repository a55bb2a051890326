package flags

import (
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/dataset"
)

// timeFormat is --time-format, checked when it is given.
type timeFormat struct{ at *dataset.TimeFormat }

func (t timeFormat) String() string { return string(*t.at) }

func (t timeFormat) Type() string { return "FORMAT" }

func (t timeFormat) Set(s string) error {
	*t.at = dataset.TimeFormat(s)
	return t.at.Check()
}

// TimeFormat adds --time-format to a verb that reads manifests with times.
func TimeFormat(f *pflag.FlagSet, at *dataset.TimeFormat) {
	*at = dataset.RFC3339
	f.Var(timeFormat{at}, "time-format", "how a manifest writes its times: rfc3339, unix, unix-ms, or a form such as '%d.%m.%Y %H:%M'. rfc3339 may have a space for the T. unix is seconds since 1970")
}
