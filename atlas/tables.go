package atlas

import (
	"io"
	"iter"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/internal/numeric"
	"github.com/facet-clip/facet/npy"
)

// pairRow is a row of pairs.parquet, in the order of the flat index head·C + neuron.
type pairRow struct {
	Head          int32   `parquet:"head,dict"`
	Neuron        int32   `parquet:"neuron"`
	Mean          float64 `parquet:"mean"`
	Variance      float64 `parquet:"variance"`
	DirectionNorm float32 `parquet:"direction_norm"` // ‖u‖
	Sign          int32   `parquet:"sign,dict"`      // of the principal direction, k = 50
	Score         float64 `parquet:"score"`          // mean of the 50 largest |s − s̄|·‖u‖: the paper's measure of a pair
}

// neuronRow is a row of neurons.parquet.
type neuronRow struct {
	Neuron       int32   `parquet:"neuron"`
	MeanNorm     float64 `parquet:"mean_norm"`     // ‖Σ_h s̄·u‖
	Variance     float64 `parquet:"variance"`      // total variance of Σ_h s·u
	PairVariance float64 `parquet:"pair_variance"` // Σ_h of the variances of s·u: what it would be if heads were independent
	Head         int32   `parquet:"head"`          // of the pair of largest variance
}

// imageRow is a row of images.parquet.
type imageRow struct {
	Image      uint32     `parquet:"image,delta"`
	Path       string     `parquet:"path,snappy"`
	Label      string     `parquet:"label,dict,snappy"`
	Group      string     `parquet:"group,dict,snappy"`
	Truth      string     `parquet:"truth,dict,snappy"`
	Time       *time.Time `parquet:"time,optional,timestamp(microsecond)"`
	Embedding  []float32  `parquet:"embedding,list"`
	TopHeads   []int32    `parquet:"top_heads,list"`
	TopNeurons []int32    `parquet:"top_neurons,list"`
	TopScalars []float32  `parquet:"top_scalars,list"`
}

// topRow is a row of top_images.parquet: by pair, the largest before the smallest, by rank.
type topRow struct {
	Head    int32   `parquet:"head,dict"`
	Neuron  int32   `parquet:"neuron,dict"`
	Largest bool    `parquet:"largest"`
	Rank    int32   `parquet:"rank,dict"` // from 0
	Image   uint32  `parquet:"image"`
	Scalar  float32 `parquet:"scalar"`
}

// sumRow is a row of moment_sums.parquet: a sum of a [decompose.Union], which is Σ_k Digit_k·2^(40·(Place − k) − 1074) (docs/design.md, formula 55).
type sumRow struct {
	Place  int32 `parquet:"place,dict"`
	Digit0 int64 `parquet:"digit0"`
	Digit1 int64 `parquet:"digit1"`
	Digit2 int64 `parquet:"digit2"`
	Digit3 int64 `parquet:"digit3"`
}

const (
	batchRows = 1024
	groupRows = 1 << 20 // of a row group
	imageRows = 1 << 12 // likewise, of images, whose rows are kilobytes
)

// writeTable writes rows as a Parquet file of an atlas. The same rows give the same bytes.
func writeTable[T any](dir, name string, group int64, rows iter.Seq2[T, error]) (File, error) {
	return writeFile(dir, name, func(w io.Writer) error { return writeRows(w, group, rows) })
}

func writeRows[T any](w io.Writer, group int64, rows iter.Seq2[T, error]) error {
	out := parquet.NewGenericWriter[T](w, parquet.MaxRowsPerRowGroup(group), parquet.CreatedBy("facet", "1", "1"))
	batch := make([]T, 0, batchRows)
	flush := func() error {
		_, err := out.Write(batch)
		batch = batch[:0]
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		if batch = append(batch, row); len(batch) == batchRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return out.Close()
}

// unitNorms are what the tables need of the directions.
type unitNorms struct {
	norms []float32 // ‖u‖ [M,C]
	gram  []float32 // ⟨u[h,n],u[g,n]⟩, packed [C, M(M+1)/2]
}

// writeImages writes a table of images.
func writeImages(dir, name string, images iter.Seq2[Image, error], channels int) (File, error) {
	return writeTable(dir, name, imageRows, imageTable(images, channels))
}

// tables writes the statistics.
func tables(dir string, s *decompose.Stats, u unitNorms) ([]File, error) {
	M, C, d := s.Heads, s.Channels, s.Width()
	var files []File
	for _, write := range []func() (File, error){
		func() (File, error) { return writeTable(dir, pairsFile, groupRows, pairRows(s, u.norms)) },
		func() (File, error) { return writeTable(dir, neuronsFile, groupRows, neuronRows(s, u)) },
		func() (File, error) { return writeTable(dir, topFile, groupRows, topRows(s)) },
		func() (File, error) {
			return writeCovariance(dir, neuronCovFile, s.NeuronCov, s.Count, C, decompose.Packed(M))
		},
		func() (File, error) {
			return writeCovariance(dir, headCovFile, s.HeadCov, s.Count, M, decompose.Packed(d))
		},
		func() (File, error) {
			return writeFile(dir, gramFile, func(w io.Writer) error { return npy.Write(w, u.gram, C, decompose.Packed(M)) })
		},
		func() (File, error) {
			return writeFile(dir, headMeanFile, func(w io.Writer) error { return npy.WriteFloat64(w, s.HeadMean, M, d) })
		},
	} {
		f, err := write()
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

func writeCovariance(dir, name string, comoments []float64, images int, shape ...int) (File, error) {
	cov := make([]float64, len(comoments))
	for i, v := range comoments {
		cov[i] = v / float64(images)
	}
	return writeFile(dir, name, func(w io.Writer) error { return npy.WriteFloat64(w, cov, shape...) })
}

func pairRows(s *decompose.Stats, norms []float32) iter.Seq2[pairRow, error] {
	return func(yield func(pairRow, error) bool) {
		signs := s.PairSigns(decompose.Extremes)
		for p, norm := range norms {
			row := pairRow{
				Head: int32(p / s.Channels), Neuron: int32(p % s.Channels), Mean: s.Mean[p], Variance: s.Variance(p),
				DirectionNorm: norm, Sign: int32(signs[p]), Score: s.Score(p, norm),
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func neuronRows(s *decompose.Stats, u unitNorms) iter.Seq2[neuronRow, error] {
	return func(yield func(neuronRow, error) bool) {
		for n := range s.Channels {
			row := neuronRow{Neuron: int32(n)}
			row.MeanNorm, row.Variance = s.NeuronSums(n, u.gram[n*decompose.Packed(s.Heads):])
			largest := -1.0
			for h := range s.Heads {
				p := h*s.Channels + n
				v := s.Variance(p) * float64(u.norms[p]) * float64(u.norms[p])
				row.PairVariance += v
				if v > largest {
					largest, row.Head = v, int32(h)
				}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func sumRows(s *numeric.Sums) iter.Seq2[sumRow, error] {
	return func(yield func(sumRow, error) bool) {
		for i := range s.Len() {
			place, d := s.Digits(i)
			if !yield(sumRow{int32(place), d[0], d[1], d[2], d[3]}, nil) {
				return
			}
		}
	}
}

func topRows(s *decompose.Stats) iter.Seq2[topRow, error] {
	return func(yield func(topRow, error) bool) {
		for p := range s.Largest {
			for _, side := range []struct {
				largest bool
				list    []decompose.Extreme
			}{{true, s.Largest[p]}, {false, s.Smallest[p]}} {
				for rank, e := range side.list {
					row := topRow{int32(p / s.Channels), int32(p % s.Channels), side.largest, int32(rank), e.Image, e.Scalar}
					if !yield(row, nil) {
						return
					}
				}
			}
		}
	}
}

func imageTable(images iter.Seq2[Image, error], channels int) iter.Seq2[imageRow, error] {
	return func(yield func(imageRow, error) bool) {
		i := uint32(0)
		for image, err := range images {
			row := imageRow{Image: i, Path: image.Path, Label: image.Label, Group: image.Group, Truth: image.Truth, Embedding: image.Embedding}
			if !image.Time.IsZero() {
				row.Time = &image.Time
			}
			for _, use := range image.Top {
				row.TopHeads = append(row.TopHeads, int32(use.Pair/channels))
				row.TopNeurons = append(row.TopNeurons, int32(use.Pair%channels))
				row.TopScalars = append(row.TopScalars, use.Scalar)
			}
			if !yield(row, err) || err != nil {
				return
			}
			i++
		}
	}
}
