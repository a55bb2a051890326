package cli

import (
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/dataset"
)

// timeFormatFlag is --time-format, checked when it is given.
type timeFormatFlag struct{ at *dataset.TimeFormat }

func (t timeFormatFlag) String() string { return string(*t.at) }

func (t timeFormatFlag) Type() string { return "FORMAT" }

func (t timeFormatFlag) Set(s string) error {
	*t.at = dataset.TimeFormat(s)
	return t.at.Check()
}

// timeFormatVar adds --time-format to a verb that reads manifests with times.
func timeFormatVar(f *pflag.FlagSet, at *dataset.TimeFormat) {
	*at = dataset.RFC3339
	f.Var(timeFormatFlag{at}, "time-format", "how a manifest writes its times: rfc3339 (also with a space for the T), unix (seconds since 1970), unix-ms, or a form such as '%d.%m.%Y %H:%M'")
}
