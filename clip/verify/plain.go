package verify

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Guessing is the chance that guesses among so many labels are right for at least so many of the pictures: the tail of a binomial distribution.
func Guessing(right, pictures, labels int) float64 {
	if right <= 0 {
		return 1
	}
	return distuv.Binomial{N: float64(pictures), P: 1 / float64(labels)}.Survival(float64(right - 1))
}

// Sharper compares two ways to answer by the logarithms of the probabilities that each gives to the right labels of the same pictures. It is the mean
// of the first less the second, with its standard error over pictures, which is infinite for fewer than two.
func Sharper(first, second []float64) (mean, deviation float64) {
	differences := make([]float64, len(first))
	for i, v := range first {
		differences[i] = v - second[i]
	}
	if len(differences) < 2 {
		return 0, math.Inf(1)
	}
	mean, spread := stat.MeanStdDev(differences, nil)
	return mean, stat.StdErr(spread, float64(len(differences)))
}
