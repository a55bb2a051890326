package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/experiment/judged"
	"github.com/facet-clip/facet/internal/regular"
)

// mostCalibration bounds a file of facet evaluate labels --json, in bytes.
const mostCalibration = 256 << 20

// Numbers of a calibration that are smaller or larger are none of facet's, and could overflow.
const (
	leastDeviation = 1e-9
	largestMark    = 1e9
)

// marks are what the probability of a name is made of.
func marks(w atlas.Words) [judged.Features]float64 {
	return [judged.Features]float64{w.Margin, w.Stability, w.ShownShare()}
}

// calibrations give names the probability that they are right, by sense; nil: none.
type calibrations map[string]judged.Logistic

// calibrations reads what facet evaluate labels --json said of this model. A path of "" gives none.
func (l *Lab) calibrations(ctx context.Context, path string) (calibrations, error) {
	if path == "" {
		return nil, nil
	}
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	digest, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	c, err := readCalibrations(io.LimitReader(f, mostCalibration), digest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// readCalibrations reads those of the model with a digest.
func readCalibrations(r io.Reader, digest string) (calibrations, error) {
	var report struct {
		Model        answer.Model         `json:"model"`
		Calibrations []answer.Calibration `json:"calibrations"`
	}
	if err := json.NewDecoder(r).Decode(&report); err != nil {
		return nil, fmt.Errorf("expected what facet evaluate labels --json prints: %w", err)
	}
	if len(report.Calibrations) == 0 {
		return nil, fmt.Errorf("expected what facet evaluate labels --json prints, with a calibration; found none")
	}
	if report.Model.SHA256 != digest {
		return nil, fmt.Errorf("the calibration is of the model with SHA-256 %.12s, expected one of %.12s", report.Model.SHA256, digest)
	}
	out := calibrations{}
	for _, c := range report.Calibrations {
		if !sound(c.Rule) {
			return nil, fmt.Errorf("calibration of names by what pairs %s: %+v, expected deviations above 0 and no number beyond ±%g", cmp.Or(c.Sense, "(nothing)"), c.Rule, largestMark)
		}
		out[c.Sense] = judged.Logistic(c.Rule)
	}
	return out, nil
}

// sound tells whether a rule gives each name a probability.
func sound(r answer.CalibrationRule) bool {
	for _, d := range r.Deviation {
		if !(d >= leastDeviation) {
			return false
		}
	}
	for _, x := range slices.Concat(r.Mean[:], r.Deviation[:], r.Weights[:]) {
		if !(math.Abs(x) <= largestMark) {
			return false
		}
	}
	return true
}

// of is the probability that a name is right; nil where there is no name, or no calibration.
func (c calibrations) of(sense string, w atlas.Words) *float64 {
	rule, ok := c[sense]
	if !ok || !w.Named {
		return nil
	}
	p := rule.Probability(marks(w))
	return &p
}
