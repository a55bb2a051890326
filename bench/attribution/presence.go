package main

import (
	"context"
	"fmt"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/numeric"
)

// rival says of every word how much of it is in every scene [W][N].
type rival struct {
	name   string
	scores [][]float64
}

// presence prints the area under the curve of every rival, the mean over the words.
func (s *study) presence(ctx context.Context, naming, truth *sight) error {
	head, err := s.byHead(naming, truth)
	if err != nil {
		return err
	}
	splice, err := s.splice(ctx, naming, truth)
	if err != nil {
		return err
	}
	rivals := []rival{s.byGroup(truth), s.byPair(naming, truth), head, splice, s.byLogit(truth)}
	kinds := []struct {
		name     string
		from, to int
	}{{"all words", 0, len(s.groups)}, {"categories", 0, 36}, {"colours", 36, 46}, {"grounds", 46, len(s.groups)}}
	fmt.Printf("\npresence: mean AUC over words\n%-44s", "")
	for _, k := range kinds {
		fmt.Printf("%-24s", k.name)
	}
	fmt.Println("groups minus it, all words")
	var group [][]float64
	for _, r := range rivals {
		areas := areasOf(r, truth)
		if group == nil {
			group = areas
		}
		fmt.Printf("%-44s", r.name)
		for _, k := range kinds {
			fmt.Printf("%-24s", between(areas, k.from, k.to))
		}
		fmt.Println(between(difference(group, areas), 0, len(s.groups)))
	}
	return nil
}

// areasOf are the areas of every word, of the scenes as they are and then of every resample [1+R][W].
func areasOf(r rival, v *sight) [][]float64 {
	rankings := make([]ranking, len(r.scores))
	numeric.Parallel(len(rankings), func(w int) { rankings[w] = rank(r.scores[w], v.present[w]) })
	var areas [][]float64
	measure := func(times []int) {
		row := make([]float64, len(rankings))
		numeric.Parallel(len(row), func(w int) { row[w] = rankings[w].auc(times) })
		areas = append(areas, row)
	}
	n := len(v.embeddings)
	measure(once(n))
	draws(n, measure)
	return areas
}

func difference(a, b [][]float64) [][]float64 {
	out := make([][]float64, len(a))
	for i := range a {
		for w := range a[i] {
			out[i] = append(out[i], a[i][w]-b[i][w])
		}
	}
	return out
}

// between is the mean over the words [from,to) of areas as areasOf gives them.
func between(areas [][]float64, from, to int) estimate {
	means := make([]float64, len(areas))
	for i, row := range areas {
		for _, a := range row[from:to] {
			means[i] += a / float64(to-from)
		}
	}
	return estimate{means[0], interval(means[1:])}
}

func (e estimate) String() string {
	return fmt.Sprintf("%.3f (%.3f to %.3f)", e.value, e.range95[0], e.range95[1])
}

// score asks f of every word and scene.
func (s *study) score(name string, v *sight, f func(w, i int) float64) rival {
	r := rival{name, make([][]float64, len(s.groups))}
	numeric.Parallel(len(r.scores), func(w int) {
		for i := range v.embeddings {
			r.scores[w] = append(r.scores[w], f(w, i))
		}
	})
	return r
}

// byGroup is the amount of a word's group in the word's own logit, less that of the average text.
func (s *study) byGroup(v *sight) rival {
	return s.score("the word's group", v, func(w, i int) (sum float64) {
		for _, m := range s.groups[w] {
			sum += m.of * float64(v.scalars[i][m.pair]) * float64(s.gains[w][m.pair])
		}
		return s.scale * sum / numeric.Norm(v.embeddings[i])
	})
}

// byPair is the same of one pair of the group: that whose amount varies most over the naming scenes.
func (s *study) byPair(naming, v *sight) rival {
	best := s.strongest(naming)
	return s.score("the group's strongest pair", v, func(w, i int) float64 {
		return float64(v.scalars[i][best[w]]) * float64(s.gains[w][best[w]]) / numeric.Norm(v.embeddings[i])
	})
}

// strongest is the pair of every group whose amount varies most over scenes [W].
func (s *study) strongest(v *sight) []int {
	best := make([]int, len(s.groups))
	numeric.Parallel(len(best), func(w int) {
		most := -1.0
		for _, m := range s.groups[w] {
			var sum, squares float64
			for i, row := range v.scalars {
				a := float64(row[m.pair]) * float64(s.gains[w][m.pair]) / numeric.Norm(v.embeddings[i])
				sum, squares = sum+a, squares+a*a
			}
			n := float64(len(v.scalars))
			if spread := squares/n - sum*sum/n/n; spread > most {
				best[w], most = m.pair, spread
			}
		}
	})
	return best
}

// byHead is what the head brings that TextSpan names by the word before it names any other head so.
func (s *study) byHead(naming, v *sight) (rival, error) {
	head, err := s.spanned(naming)
	if err != nil {
		return rival{}, err
	}
	C := s.ov.Channels
	return s.score("the head that TextSpan names by it first", v, func(w, i int) float64 {
		h := head[w]
		return numeric.Dot(v.scalars[i][h*C:(h+1)*C], s.gains[w][h*C:(h+1)*C]) / numeric.Norm(v.embeddings[i])
	}), nil
}

// spanned is for each word the head that TextSpan names by it before any other [W].
func (s *study) spanned(naming *sight) ([]int, error) {
	centred, err := s.bank.Centred()
	if err != nil {
		return nil, err
	}
	W, M := len(s.groups), s.ov.Heads
	place, head := make([]int, W), make([]int, W)
	for w := range place {
		place[w] = W
	}
	orders := make([][]int, M)
	numeric.Parallel(M, func(h int) {
		var texts [][]float32
		for w := range W {
			texts = append(texts, centred.Embeddings[w*s.ov.Embed:(w+1)*s.ov.Embed])
		}
		orders[h] = textSpan(s.outputs(naming, h), texts, s.span(h))
	})
	for h, order := range orders {
		for k, w := range order {
			if k < place[w] {
				place[w], head[w] = k, h
			}
		}
	}
	return head, nil
}

// byLogit is the word's own logit, less that of the average text: what every rival is a part of, or a reading of.
func (s *study) byLogit(v *sight) rival {
	return s.score("for reference: the whole logit", v, func(w, i int) float64 {
		return s.logit(v.embeddings[i], s.centred(w))
	})
}

// penalties are those that SpLiCE's is chosen from, on the naming scenes.
var penalties = []float64{0.01, 0.03, 0.1, 0.2}

// splice is SpLiCE (Bhalla et al., NeurIPS 2024): a picture's unit embedding, less the mean of those of pictures, as a sparse sum of the
// centred words with no negative weight.
func (s *study) splice(ctx context.Context, naming, v *sight) (rival, error) {
	dictionary, err := concept.NewDictionary(s.bank, concept.UnitRows)
	if err != nil {
		return rival{}, err
	}
	mean := meanUnit(naming.embeddings)
	best, penalty := -1.0, 0.0
	for _, p := range penalties {
		r, err := s.spliceWith(ctx, dictionary, mean, p, naming)
		if err != nil {
			return rival{}, err
		}
		area := 0.0
		for w := range r.scores {
			area += rank(r.scores[w], naming.present[w]).auc(once(len(naming.embeddings)))
		}
		if area > best {
			best, penalty = area, p
		}
	}
	return s.spliceWith(ctx, dictionary, mean, penalty, v)
}

func (s *study) spliceWith(ctx context.Context, d *concept.Dictionary, mean []float32, penalty float64, v *sight) (rival, error) {
	l, err := d.Labeller(concept.Options{Method: concept.Lasso, Terms: len(s.groups), Penalty: penalty})
	if err != nil {
		return rival{}, err
	}
	var units []float32
	for _, e := range v.embeddings {
		for k, x := range concept.Unit(e) {
			units = append(units, x-mean[k])
		}
	}
	labels, err := l.Label(ctx, concept.Units{{Basis: units}}, nil)
	if err != nil {
		return rival{}, err
	}
	r := rival{fmt.Sprintf("SpLiCE's weight, penalty %g", penalty), make([][]float64, len(s.groups))}
	for w := range r.scores {
		r.scores[w] = make([]float64, len(labels))
	}
	for i, label := range labels {
		for _, t := range label.Terms {
			r.scores[t.Word][i] = t.Coefficient
		}
	}
	return r, nil
}

// meanUnit is the mean of embeddings that were made unit [D].
func meanUnit(embeddings [][]float32) []float32 {
	sum := make([]float64, len(embeddings[0]))
	for _, e := range embeddings {
		for k, x := range concept.Unit(e) {
			sum[k] += float64(x) / float64(len(embeddings))
		}
	}
	return numeric.Float32(sum)
}
