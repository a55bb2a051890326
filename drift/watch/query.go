package watch

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/facet-clip/facet/internal/foreign"
)

// query reads the parameters of an address. Each may be there once, and no others: a time under a name that is misspelt would be lost without a
// word.
func query(in *http.Request, known ...string) (map[string]string, error) {
	values, err := url.ParseQuery(in.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the query of the address cannot be read: %s", foreign.Quote(err.Error()))
	}
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("parameter %s: expected %s", foreign.Quote(name), strings.Join(known, " or "))
		case len(values[name]) > 1:
			return nil, fmt.Errorf("parameter %s is there %d times, expected once", name, len(values[name]))
		}
		out[name] = values[name][0]
	}
	return out, nil
}

// spaced is a time whose plus was not escaped: in a query, a plus stands for a space.
var spaced = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:[.,]\d+)?) (\d\d:\d\d)$`)

// moment reads RFC 3339, also with a space in place of the T, or of the plus before an offset; nothing is no time.
func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	text := s
	if m := spaced.FindStringSubmatch(s); m != nil {
		text = m[1] + "T" + m[2] + "+" + m[3]
	} else if len(s) > 10 && s[10] == ' ' {
		text = s[:10] + "T" + s[11:]
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("time %s: expected RFC 3339, such as 2026-01-02T15:04:05Z", foreign.Quote(s))
	}
	return t, nil
}
