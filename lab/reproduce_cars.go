package lab

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/dataset/known"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/experiment"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/paper"
	"github.com/facet-clip/facet/textfile"
)

// car is a picture of Stanford Cars' training part, as refined_train.csv has it.
type car struct {
	image  string
	model  string // such as Audi S4 Sedan 2012
	year   int
	yellow bool
}

func (c car) convertible() bool { return strings.Contains(c.model, "Convertible") }

const (
	refinedCars = "refined_train.csv"
	yellowCar   = 9 // the colour's number there, by the published code
)

// errCars is returned where refined_train.csv is not what the published code reads.
var errCars = errors.New("not a list of refined labels: expected the columns image and Class, and in Class MODEL_COLOUR such as 14_9")

// readCars reads refined_train.csv. Models are counted from 1, in the order of the data set's own list.
func readCars(name string, r io.Reader) ([]car, error) {
	models, err := known.Protocol(paper.Cars)
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(textfile.NewReader(r)).ReadAll()
	if err != nil || len(rows) < 2 {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, errCars), err)
	}
	image, class := slices.Index(rows[0], "image"), slices.Index(rows[0], "Class")
	if image < 0 || class < 0 {
		return nil, fmt.Errorf("%s: %w", name, errCars)
	}
	var cars []car
	for i, row := range rows[1:] {
		model, colour, ok := strings.Cut(row[class], "_")
		m, err := strconv.Atoi(model)
		c, err2 := strconv.Atoi(colour)
		if !ok || err != nil || err2 != nil || m < 1 || m > len(models.Classes) || !filepath.IsLocal(row[image]) {
			return nil, fmt.Errorf("%s:%d: %w", name, i+2, errCars)
		}
		text := models.Classes[m-1].Name
		year, err := strconv.Atoi(text[strings.LastIndex(text, " ")+1:])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: the model %q ends in no year", name, i+2, text)
		}
		cars = append(cars, car{row[image], text, year, c == yellowCar})
	}
	return cars, nil
}

// cars scores every car for two words, and sets the scores against what is true.
func (r *reproducing) cars(ctx context.Context) (w paperWork, err error) {
	dir := r.asked.Cars
	pictures, err := firstDir(filepath.Join(dir, "stanford_cars", "cars_train"), filepath.Join(dir, "cars_train"), filepath.Join(dir, "cars", "stanford_cars", "cars_train"))
	if err != nil {
		return w, err
	}
	list := filepath.Join(dir, refinedCars)
	if below := filepath.Join(dir, "cars_refined", refinedCars); regular.Exists(below) {
		list = below
	}
	cars, err := regular.Read(ctx, list, readCars)
	if err != nil {
		return w, err
	}
	if r.asked.Limit > 0 {
		cars = cars[:min(r.asked.Limit, len(cars))]
	}
	source, err := dataset.Listed(pictures, fmt.Sprintf("Stanford Cars %v", cars), len(cars), func(i int) dataset.Item {
		item := dataset.FileItem(filepath.Join(pictures, cars[i].image))
		item.Label, item.Group = cars[i].model, strconv.Itoa(cars[i].year)
		return item
	})
	if err != nil {
		return w, err
	}
	signs, origin := "", "all signs +"
	if r.asked.ImageNet != "" {
		use, err := r.openAtlas(ctx, filepath.Join(r.asked.Folder, meansFolder))
		if err != nil {
			return w, err
		}
		signs, origin = use.atlas.Manifest.Datasets[0].Fingerprint, "signs of "+meansFolder
	}
	w.data = fmt.Sprintf("%d pictures of %s, %s", len(cars), pictures, origin)
	w.depends = []any{source.Fingerprint(), signs}
	w.files = []string{filepath.Join(r.asked.Folder, carsFolder)}
	w.measure = func(ctx context.Context) (map[string]paper.Measured, error) {
		at, err := r.scanned(ctx, source, carsFolder)
		if err != nil {
			return nil, err
		}
		return r.scoreCars(ctx, at, cars)
	}
	return w, nil
}

// scoreCars correlates scores (docs/design.md, 21) with what is true, over pictures and over years.
func (r *reproducing) scoreCars(ctx context.Context, at string, cars []car) (map[string]paper.Measured, error) {
	found := map[string]paper.Measured{}
	for word, is := range map[string]func(car) bool{"yellow": func(c car) bool { return c.yellow }, "convertible": car.convertible} {
		pairs, err := r.conceptPairs(ctx, word)
		if err != nil {
			return nil, err
		}
		of := map[string]car{}
		for _, c := range cars {
			of[c.image] = c
		}
		var scores, truth []float64
		var years []int
		err = r.eachScore(ctx, at, pairs, func(path string, score float64) {
			c := of[filepath.ToSlash(path)]
			scores, years, truth = append(scores, score), append(years, c.year), append(truth, number(is(c)))
		})
		if err != nil {
			return nil, err
		}
		found["cars-"+word] = correlated(scores, truth, years)
	}
	return found, nil
}

// number is 1 for true.
func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// conceptPairs are the 5 pairs whose signed directions are most like a word in ImageNet's prompts.
func (r *reproducing) conceptPairs(ctx context.Context, word string) ([]decompose.Pair, error) {
	prompts, err := publishedPrompts()
	if err != nil {
		return nil, err
	}
	text, err := r.zeroShot(ctx, []string{word}, prompts)
	if err != nil {
		return nil, err
	}
	ov, err := r.ov()
	if err != nil {
		return nil, err
	}
	products := ov.Text(text.Embeddings)
	if r.asked.ImageNet != "" {
		use, err := r.openAtlas(ctx, filepath.Join(r.asked.Folder, meansFolder))
		if err != nil {
			return nil, err
		}
		for i, sign := range use.signs {
			products[i] *= float32(sign)
		}
	}
	var pairs []decompose.Pair
	for _, hit := range concept.Search(products, ov.Norms(), experiment.ConceptPairs) {
		pairs = append(pairs, ov.Pair(hit.Unit))
	}
	return pairs, nil
}

// eachScore gives the score of every picture of an atlas.
func (r *reproducing) eachScore(ctx context.Context, dir string, pairs []decompose.Pair, use func(path string, score float64)) error {
	u, err := r.openAtlas(ctx, dir)
	if err != nil {
		return err
	}
	ov, err := r.ov()
	if err != nil {
		return err
	}
	rows, err := u.atlas.Scalars()
	if err != nil {
		return err
	}
	defer rows.Close()
	row, i := make([]float32, len(ov.Norms())), 0
	for img, err := range u.atlas.Images() {
		if err == nil {
			err = rows.Row(i, row)
		}
		if err != nil {
			return err
		}
		s, err := ov.Scalars(row)
		if err != nil {
			return err
		}
		embedding, err := u.images()
		if err != nil {
			return err
		}
		use(img.Path, experiment.ConceptScore(s, embedding[i*ov.Embed:(i+1)*ov.Embed], pairs))
		i++
	}
	return nil
}

// correlated is the correlation over pictures, with its interval by Fisher's transformation; beside it that of the years' means with the years' shares.
func correlated(scores, truth []float64, years []int) paper.Measured {
	m := alone(stat.Correlation(scores, truth, nil), len(scores), "")
	if n := len(scores); n > 3 && math.Abs(m.Value) < 1 {
		half := 1.96 / math.Sqrt(float64(n-3))
		m.Low, m.High = math.Tanh(math.Atanh(m.Value)-half), math.Tanh(math.Atanh(m.Value)+half)
	}
	byScore, byTruth := map[int][]float64{}, map[int][]float64{}
	for i, y := range years {
		byScore[y], byTruth[y] = append(byScore[y], scores[i]), append(byTruth[y], truth[i])
	}
	var x, y []float64
	for year := range byScore {
		x, y = append(x, stat.Mean(byScore[year], nil)), append(y, stat.Mean(byTruth[year], nil))
	}
	m.Found = fmt.Sprintf("over pictures; over %d years, mean score with share, it is %.2f", len(x), stat.Correlation(x, y, nil))
	return m
}
