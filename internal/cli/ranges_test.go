package cli

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/facet-clip/facet/internal/flags"
)

// commands are the words of every verb, and its command.
func commands(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	all := map[string]*cobra.Command{}
	var walk func(c *cobra.Command, path string)
	walk = func(c *cobra.Command, path string) {
		all[path] = c
		for _, sub := range c.Commands() {
			walk(sub, strings.TrimSpace(path+" "+sub.Name()))
		}
	}
	walk((&app{stdout: io.Discard, stderr: io.Discard}).root(), "")
	if len(all) < 25 {
		t.Fatalf("%d verbs found: the walk misses some", len(all))
	}
	return all
}

// expecting is a flag that knows what numbers it takes.
type expecting interface {
	Expected() string
	Value() any
}

// numericTypes are how pflag, and this package, name kinds of numbers.
func isNumeric(f *pflag.Flag) bool {
	kind := strings.TrimSuffix(strings.TrimSuffix(f.Value.Type(), "Slice"), "s")
	return slices.Contains([]string{"int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "float", "float32", "float64", "duration", "count"}, kind)
}

// extremes are numbers that flags are tried with: none of them may be taken unless it lies in the flag's range.
var extremes = []string{
	"", " ", "x", "-1", "-7", "0", "1", "0.5", "1.5", "-0.5", "100.5", "1e3", "1e30", "-1e30", "1e400", "NaN", "nan", "Inf", "-Inf", "inf",
	"2147483647", "2147483648", "-2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "18446744073709551616",
	"010", "0x10", "1_000", "1,2", "1,-2", "1,NaN", "1ns", "-1s", "0s", "10s", "100000h", "2562047h47m16.854775807s",
}

// TestNumericFlags: every numeric flag of every verb has a range, refuses what lies outside as a mistake of usage, and names itself and the range.
func TestNumericFlags(t *testing.T) {
	tried := 0
	for path, cmd := range commands(t) {
		seen := func(f *pflag.Flag) {
			if !isNumeric(f) {
				return
			}
			tried++
			range_, ok := f.Value.(expecting)
			if !ok {
				t.Errorf("facet %s: --%s has no range: add it with flags.Number or flags.Numbers", path, f.Name)
				return
			}
			for _, v := range extremes {
				before := f.Value.String()
				err := f.Value.Set(v)
				if err == nil {
					checkTaken(t, path, f, v)
					continue
				}
				if after := f.Value.String(); after != before {
					t.Errorf("facet %s --%s=%s is refused, but changes %s to %s", path, f.Name, v, before, after)
				}
				checkRefused(t, path, f.Name, v, range_.Expected())
			}
		}
		cmd.LocalFlags().VisitAll(seen)
	}
	if tried < 40 {
		t.Errorf("%d numeric flags were tried, which misses some", tried)
	}
}

// checkTaken looks whether what a flag holds is what was asked for, and no number of the trials overflows what facet multiplies it by.
func checkTaken(t *testing.T, path string, f *pflag.Flag, v string) {
	t.Helper()
	fail := func(what string) { t.Errorf("facet %s --%s=%s is taken: %s", path, f.Name, v, what) }
	switch n := f.Value.(expecting).Value().(type) {
	case int:
		if got := fmt.Sprint(n); got != strings.TrimLeft(v, "0") && got != v || n < 0 || n > flags.MostCount {
			fail(got)
		}
	case int64:
		if got := fmt.Sprint(n); got != strings.TrimLeft(v, "0") && got != v || n < 0 || n > math.MaxInt64>>20 {
			fail(got)
		}
	case uint64:
		if got := fmt.Sprint(n); got != strings.TrimLeft(v, "0") && got != v {
			fail(got)
		}
	case float64:
		if !(n >= 0 && n <= 1e6) {
			fail(fmt.Sprint(n))
		}
	case time.Duration:
		if n <= 0 || n > 1000*time.Hour {
			fail(fmt.Sprint(n))
		}
	case []int:
		for _, x := range n {
			if x < 0 || x > flags.MostCount {
				fail(fmt.Sprint(n))
			}
		}
	case []float64:
		for _, x := range n {
			if !(x >= 0 && x <= 100) {
				fail(fmt.Sprint(n))
			}
		}
	default:
		t.Errorf("facet %s: --%s: a flag that holds a %T, of which the test knows nothing", path, f.Name, n)
	}
}

func checkRefused(t *testing.T, path, name, v, expected string) {
	t.Helper()
	var out, log bytes.Buffer
	args := append(strings.Fields(path), "--"+name+"="+v)
	code := Main(args, &out, &log)
	want := fmt.Sprintf("%s: --%s %s: expected %s\n", strings.TrimSpace("facet "+path), name, v, expected)
	if code != exitUsage || !strings.HasPrefix(log.String(), want) || out.Len() > 0 {
		t.Errorf("facet %s: code %d, %q; want code %d and %q", strings.Join(args, " "), code, log.String(), exitUsage, want)
	}
}

// TestNumbersInTexts: numbers inside of other flags and of arguments have ranges too.
func TestNumbersInTexts(t *testing.T) {
	photo := drawn(t, t.TempDir(), "a.png", 1)
	for _, c := range [][]string{
		{"segment", photo, "--classes", "a, b", "--background", "NaN"}, {"segment", photo, "--classes", "a, b", "--background", "-0.1"},
		{"segment", photo, "--classes", "a, b", "--background", "1"}, {"segment", photo, "--classes", "a, b", "--background", "1e400"},
		{"segment", photo, "--classes", "a, b", "--window-side", "33"}, {"segment", photo, "--classes", "a, b", "--window-stride", "4000"},
		{"scan", t.TempDir(), "-o", "x", "--shard", "1/1"}, {"scan", t.TempDir(), "-o", "x", "--shard", "-1/2"},
		{"scan", t.TempDir(), "-o", "x", "--shard", "0/9223372036854775807"}, {"scan", t.TempDir(), "-o", "x", "--shard", "0/0"},
		{"label", "--units", "top:NaN%"}, {"label", "--units", "top:101%"}, {"label", "--units", "top:0"}, {"label", "--units", "top:-3"}, {"label", "--units", "1e9,0"},
		{"nearest", "99999999,0"}, {"nearest", "--", "-1,0"},
		{"drift", "watch", "p", "--window", "NaN", "--listen", ":0"}, {"drift", "watch", "p", "--window", "1", "--listen", ":0"}, {"drift", "watch", "p", "--window", "-1h", "--listen", ":0"},
		{"scenes", "-o", "x"},
	} {
		if code, _, log := facet(t, c...); code != exitUsage || !strings.Contains(log, "expected") {
			t.Errorf("facet %s: code %d: %s", strings.Join(c, " "), code, log)
		}
	}
}
