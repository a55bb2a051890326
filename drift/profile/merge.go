package profile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/facet-clip/facet/internal/numeric"
)

// MaxParts bounds how many profiles may be merged into one, at once or in steps.
const MaxParts = 100_000

const _ = uint(numeric.MostSums - numeric.Numbers*MaxParts) // does not compile where a digit of a sum could overflow

// Part is a profile that was merged into another, and was not merged itself.
type Part struct {
	Source      string `json:"source"`
	Fingerprint string `json:"fingerprint"` // of its arrays
	Unread      int    `json:"unread"`
	Skipped     int    `json:"skipped"` // so many of the merged profile's skipped files are its own

	skipped []string
	of      int // number of the profile that it is of
}

// parts are the profiles that were merged into one, or itself.
func (h Header) parts() []Part {
	if len(h.Parts) == 0 {
		sum := sha256.New()
		for _, name := range slices.Sorted(maps.Keys(h.Files)) {
			fmt.Fprintf(sum, "%s %s\n", name, h.Files[name])
		}
		return []Part{{Source: h.Source, Fingerprint: hex.EncodeToString(sum.Sum(nil)), Unread: h.Unread, Skipped: len(h.Skipped), skipped: h.Skipped}}
	}
	parts, skipped := slices.Clone(h.Parts), h.Skipped
	for k := range parts {
		parts[k].skipped, skipped = skipped[:parts[k].Skipped], skipped[parts[k].Skipped:]
	}
	return parts
}

// Merge is the header of several profiles merged, of which listed skipped files are kept, and the order in which to take the profiles: by
// the parts, which stand in the order of their sources and fingerprints, however the profiles were given and however they were merged before.
// It is an error when a part comes twice.
func Merge(headers []Header, listed int) (Header, []int, error) {
	var parts []Part
	for k, h := range headers {
		for _, p := range h.parts() {
			p.of = k
			parts = append(parts, p)
		}
	}
	slices.SortFunc(parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Fingerprint, b.Fingerprint), cmp.Compare(a.of, b.of))
	})
	if len(parts) > MaxParts {
		return Header{}, nil, fmt.Errorf("%d profiles, at most %d can be merged", len(parts), MaxParts)
	}
	first := headers[parts[0].of]
	out := Header{Model: first.Model, Bank: first.Bank, ExifRotate: first.ExifRotate}
	seen := map[string]bool{}
	var sources []string
	var order []int
	for k := range parts {
		p := &parts[k]
		if seen[p.Fingerprint] {
			return Header{}, nil, fmt.Errorf("the profile of %s comes twice: the same images would count twice", p.Source)
		}
		seen[p.Fingerprint] = true
		p.Skipped = min(p.Skipped, listed-len(out.Skipped))
		out.Skipped = append(out.Skipped, p.skipped[:p.Skipped]...)
		out.Unread += p.Unread
		sources = append(sources, p.Source)
		if !slices.Contains(order, p.of) {
			order = append(order, p.of)
		}
	}
	out.Source, out.Parts = strings.Join(sources, " + "), parts
	return out, order, nil
}

// checkParts refuses parts that do not add up.
func (h Header) checkParts() error {
	if len(h.Parts) > MaxParts || len(h.Parts) > 0 != (h.Files[sumsFile] != "") {
		return fmt.Errorf("%w: %d parts, and the sum of %s is %q", ErrFormat, len(h.Parts), sumsFile, h.Files[sumsFile])
	}
	skipped := len(h.Skipped)
	for k, p := range h.Parts {
		if p.Skipped < 0 || p.Skipped > skipped {
			return fmt.Errorf("%w: part %d has %d skipped files, %d are left", ErrFormat, k, p.Skipped, skipped)
		}
		skipped -= p.Skipped
	}
	return nil
}
