package drift

import (
	"context"
	"fmt"

	"github.com/facet-clip/facet/concept"
)

func (v *Vocabulary) Explain(ctx context.Context, changed []PairTest) string {
	sum := make([]float32, v.ov.Embed)
	for _, t := range changed {
		for i, u := range v.ov.Direction(t.Pair) {
			sum[i] += u * float32(t.Shift)
		}
	}
	l, err := v.atoms.OMP(ctx, sum, concept.Options{Terms: 6})
	if err != nil || len(l[0].Terms) == 0 {
		return fmt.Sprint(err)
	}
	s := fmt.Sprintf("chance %.3f:", v.chance)
	for _, t := range l[0].Terms {
		s += fmt.Sprintf(" %s %.3g (%.3f)", v.atoms.Texts[t.Word], t.Coefficient, t.Explained)
	}
	return s
}
