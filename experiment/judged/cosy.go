package judged

import (
	"slices"

	"gonum.org/v1/gonum/stat"
)

// CoSy are the two scores of Kopf et al. (NeurIPS 2024): the AUC of a unit's values in pictures made of its name against those in control pictures, and the
// difference of their means in standard deviations of the control (MAD; 0 where the control does not vary). docs/design.md, 66.
func CoSy(made, control []float64) (auc, mad float64) {
	present := make([]bool, len(made)+len(control))
	for i := range made {
		present[i] = true
	}
	auc = AUC(Ranks(slices.Concat(made, control)), present)
	if len(made) == 0 || len(control) < 2 {
		return auc, 0
	}
	mean, deviation := stat.MeanStdDev(control, nil)
	if deviation == 0 {
		return auc, 0
	}
	return auc, (stat.Mean(made, nil) - mean) / deviation
}

// CoSyOf are the mean scores of claims [P], with the values of their pairs in made pictures, of which it is known what they show, and in control pictures
// [P][N]. A claim that something is missing is scored by −values: CoSy has no such names. They are 0 where no claim can be scored.
func CoSyOf(claims []Claim, made Sight, control [][]float64) (auc, mad float64) {
	n := 0.0
	for p, c := range claims {
		if !c.Known() {
			continue
		}
		with, _ := where(made.Values[p], made.Present[c.Word])
		if len(with) == 0 {
			continue
		}
		a, m := CoSy(with, control[p])
		if c.Not {
			a, m = 1-a, -m
		}
		auc, mad, n = auc+a, mad+m, n+1
	}
	if n == 0 {
		return 0, 0
	}
	return auc / n, mad / n
}
