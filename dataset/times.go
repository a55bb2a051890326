package dataset

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"
)

// ErrTime is returned for a time that is not written in the usual form, where no other was named.
var ErrTime = errors.New("time")

// TimeFormat says how the times of a manifest are written: [RFC3339], [Unix], [UnixMilli], or a form such as %d.%m.%Y %H:%M in the letters of
// strptime. Empty is RFC3339.
type TimeFormat string

// The formats that have a name.
const (
	RFC3339   TimeFormat = "rfc3339" // also with a space for the T, without seconds, zone or time of day; without a zone, UTC
	Unix      TimeFormat = "unix"    // seconds since 1970, with or without a fraction
	UnixMilli TimeFormat = "unix-ms"
)

// Check refuses a format that is none.
func (f TimeFormat) Check() error {
	if _, err := f.layouts(); err != nil {
		return fmt.Errorf("time format %q: expected %s, %s, %s or a form such as %%d.%%m.%%Y %%H:%%M: %w", string(f), RFC3339, Unix, UnixMilli, err)
	}
	return nil
}

// Parse reads a time. It keeps the offset from UTC that is written there.
func (f TimeFormat) Parse(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	layouts, err := f.layouts()
	if err != nil {
		return time.Time{}, err
	}
	switch f {
	case Unix, UnixMilli:
		return f.epoch(s)
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	if f != "" && f != RFC3339 {
		return time.Time{}, fmt.Errorf("time %.60q: expected the form %s", s, f)
	}
	return time.Time{}, fmt.Errorf("%w %.60q: expected RFC 3339 (2006-01-02T15:04:05Z), 2006-01-02, 2006-01 or 2006", ErrTime, s)
}

// layouts are Go's layouts of a format, none of those that count seconds.
func (f TimeFormat) layouts() ([]string, error) {
	switch {
	case f == "" || f == RFC3339:
		return isoLayouts, nil
	case f == Unix || f == UnixMilli:
		return nil, nil
	case !strings.Contains(string(f), "%"):
		return nil, fmt.Errorf("no letter of a date in it")
	}
	layout, err := strftime.Layout(string(f))
	return []string{layout}, err
}

// isoLayouts are RFC 3339 and what is written like it.
var isoLayouts = func() []string {
	layouts := []string{time.DateOnly, "2006-01", "2006"}
	for _, between := range []string{"T", " "} {
		for _, clock := range []string{"15:04:05", "15:04"} {
			for _, zone := range []string{"", "Z07:00", "Z0700", "Z07", " Z07:00", " Z0700", " Z07", " UTC"} {
				layouts = append(layouts, time.DateOnly+between+clock+zone)
			}
		}
	}
	return layouts
}()

// The years that a moment may lie in: four digits, as everywhere else.
var (
	firstMoment = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	lastMoment  = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// maxDigits bounds what is taken for a number of seconds.
const maxDigits = 40

// epoch reads seconds or milliseconds since 1970, to the nanosecond.
func (f TimeFormat) epoch(s string) (time.Time, error) {
	v, ok := new(big.Float).SetPrec(128).SetString(s)
	if ok && f == UnixMilli {
		v.Quo(v, big.NewFloat(1000))
	}
	if len(s) <= maxDigits && ok && !v.IsInf() && v.Cmp(seconds(firstMoment)) >= 0 && v.Cmp(seconds(lastMoment)) < 0 {
		v.Mul(v, big.NewFloat(1e9)).Add(v, big.NewFloat(math.Copysign(0.5, float64(v.Sign()))))
		nanoseconds, _ := v.Int(nil)
		whole, rest := new(big.Int).DivMod(nanoseconds, big.NewInt(1e9), new(big.Int))
		return time.Unix(whole.Int64(), rest.Int64()).UTC(), nil
	}
	unit := "seconds"
	if f == UnixMilli {
		unit = "milliseconds"
	}
	return time.Time{}, fmt.Errorf("time %.60q: expected %s since 1970, in the years 0 to 9999", s, unit)
}

func seconds(t time.Time) *big.Float { return new(big.Float).SetInt64(t.Unix()) }
