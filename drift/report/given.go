package report

import (
	"fmt"

	"github.com/facet-clip/facet/answer"
)

// Given is what differs within the values of something, such as cameras, and what the mix of the values explains.
type Given struct {
	Of      string // group or label
	Said    string // the result in a sentence
	Shares  []Share
	Values  [][]string // value, images, of the profile's sample
	Within  []Share    // of the shift within values; none where no pair changed
	Changes []Change
	Note    string
}

// newGiven is the section of a comparison within values; nil where that was not asked for.
func newGiven(g *answer.GivenComparison, open Pictures) (*Given, error) {
	if g == nil {
		return nil, nil
	}
	out := &Given{
		Of:     g.Of,
		Said:   fmt.Sprintf("Within each %s, %d of %d strong pairs changed. The mix of %d values differs from the profile's with p = %.2g", g.Of, g.Changed, g.Tested, len(g.Values), g.MixP),
		Shares: bars([]Share{{Name: "the mix of values", Share: percent(g.Mix), Width: g.Mix}, {Name: "changes within them", Share: percent(g.Within), Width: g.Within}}),
		Note: fmt.Sprintf("%d images are compared with %d of the profile's sample, each within its value; %d and %d of other values are left out. The shift within values is %.3g (%.3g without a change).",
			g.Images, g.ProfileImages, g.LeftOut, g.ProfileLeftOut, g.Shift, g.ShiftNull),
	}
	for _, v := range g.Values {
		out.Values = append(out.Values, []string{v.Value, fmt.Sprint(v.Images), fmt.Sprint(v.ProfileImages)})
	}
	c := g.Comparison()
	if c.Changed > 0 {
		out.Within = shiftShares(c)
	}
	var err error
	out.Changes, err = newChanges(c, open)
	return out, err
}
