package known

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"

	"github.com/facet-clip/facet/textfile"
)

// publishedScores are the rows and columns that facet can measure of open_clip's table.
//
//go:embed protocol/published.csv
var publishedScores []byte

// PublishedSource names the table that published scores come from.
const PublishedSource = "open_clip docs/openclip_results.csv, measured by DataComp's evaluation"

// Published is a score that others measured on the whole data set.
type Published struct {
	Metric  Metric
	Value   float64
	Differs []string // what was done otherwise than here, as far as it is known
}

// Metric is what a score counts.
type Metric string

// The metrics of published scores.
const (
	Top1         Metric = "top-1"
	MeanPerClass Metric = "mean per class"
	MeanRecall   Metric = "mean of both R@1"
)

// published is where a data set's published scores stand.
type published struct {
	column   string // of published.csv; empty: none is known
	metric   Metric
	pictures int    // of the whole data set
	differs  string // what was done otherwise; empty: nothing that is known
}

// Published is the published score of a model on the data set; it is not ok where there is none, or where the set is not whole. The model is a published
// one's name, such as RN50 or RN50/yfcc15m, with the activation of its text tower.
func (s *Set) Published(model string, quickGELU bool) (p Published, ok bool) {
	if s.Len() != s.published.pictures {
		return p, false
	}
	return s.published.of(model, quickGELU)
}

func (p published) of(model string, quickGELU bool) (found Published, ok bool) {
	architecture, weights, ok := strings.Cut(model, "/")
	if !ok {
		weights = "openai"
	}
	rows, err := csv.NewReader(textfile.NewReader(bytes.NewReader(publishedScores))).ReadAll()
	if err != nil || p.column == "" {
		return found, false // a test reads the file
	}
	column := slices.Index(rows[0], p.column)
	if quickGELU && weights != "openai" { // of OpenAI's weights open_clip corrects the activation, whatever the name
		architecture += "-quickgelu"
	}
	for _, row := range rows[1:] {
		if row[0] == architecture && row[1] == weights {
			found.Metric = p.metric
			if p.differs != "" {
				found.Differs = []string{p.differs}
			}
			found.Value, err = strconv.ParseFloat(row[column], 64)
			return found, err == nil
		}
	}
	return found, false
}
