// Command labels times sparse labels (orthogonal matching pursuit) against scikit-learn on the same dictionary, and checks that
// words and coefficients are the same.
//
//	go run ./bench/labels [-python python3] [-words 20000] [-units 2000] [-engine auto]
//	go run ./bench/labels -head       times one head's units given factored against the same units as they are
//
// Before the timed run, 1,000 units of a smaller dictionary are compared with scikit-learn in float64. scikit-learn's time is that of
// a label given the Gram matrix, which it gets for nothing; ours is everything. The peer is timed before and after us. Needs a
// Python with scikit-learn.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
	"github.com/facet-clip/facet/engine/ort"
	"github.com/facet-clip/facet/engine/portable"
	"github.com/facet-clip/facet/npy"
)

// settings are the sizes of a run.
type settings struct {
	python, engine             string
	words, embed, units, terms int
	peer                       int    // units that scikit-learn labels
	kind                       string // its floats
	memory                     int64
}

func main() {
	log.SetFlags(0)
	var s settings
	flag.StringVar(&s.python, "python", "python3", "a Python with scikit-learn")
	flag.StringVar(&s.engine, "engine", "auto", "what multiplies: auto, ort, portable or gonum")
	flag.IntVar(&s.words, "words", 20_000, "words of the dictionary")
	flag.IntVar(&s.embed, "embed", 768, "width of the embeddings")
	flag.IntVar(&s.units, "units", 5_000, "units that facet labels")
	flag.IntVar(&s.terms, "terms", 64, "words of a label")
	flag.IntVar(&s.peer, "peer", 8, "units that scikit-learn labels, twice")
	flag.Int64Var(&s.memory, "memory", 2<<30, "bytes that facet may use")
	check := flag.Int("check", 1000, "units of the small dictionary to compare first; 0: none")
	head := flag.Bool("head", false, "time one head of 3,072 units, factored and not, without scikit-learn's labels")
	flag.Parse()
	ctx := context.Background()
	s.kind = "float32"
	debug.SetMemoryLimit(s.memory * 15 / 16)
	if *head {
		s.units = 3072
		if err := s.head(ctx); err != nil {
			log.Fatal("labels: ", err)
		}
		return
	}
	if *check > 0 {
		small := s
		small.words, small.embed, small.units, small.peer, small.terms, small.kind = 1000, 256, *check, *check, 32, "float64"
		if err := run(ctx, small); err != nil {
			log.Fatal("labels: ", err)
		}
	}
	if err := run(ctx, s); err != nil {
		log.Fatal("labels: ", err)
	}
}

func run(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "facet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := s.script(ctx, "make", dir, s.words, s.embed, s.units, 1); err != nil {
		return err
	}
	before, err := s.scikit(ctx, dir)
	if err != nil {
		return err
	}
	labels, seconds, err := s.facet(ctx, dir)
	if err != nil {
		return err
	}
	peak := peakMemory()
	if err := compare(dir, labels[:s.peer], s.terms); err != nil {
		return err
	}
	after, err := s.scikit(ctx, dir)
	if err != nil {
		return err
	}
	peer := (before.LabelSeconds + after.LabelSeconds) / 2
	ours := seconds / float64(s.units)
	fmt.Printf("%d words, width %d, %d terms, %d cores; the same words and coefficients for %d units\n", s.words, s.embed, s.terms, runtime.GOMAXPROCS(0), s.peer)
	fmt.Printf("  scikit-learn, %s  %9.2f ms a label (%.2f before, %.2f after; Gram matrix %.1f s not counted), peak %d MiB\n", s.kind,
		1000*peer, 1000*before.LabelSeconds, 1000*after.LabelSeconds, before.GramSeconds, before.PeakBytes>>20)
	fmt.Printf("  facet                  %9.2f ms a label, %.0f labels/s over %d units, all counted: %.0f × faster, peak %d MiB\n",
		1000*ours, 1/ours, s.units, peer/ours, peak>>20)
	return nil
}

// times are what the script prints.
type times struct {
	GramSeconds  float64 `json:"gram_seconds"`
	LabelSeconds float64 `json:"label_seconds"`
	PeakBytes    int64   `json:"peak_bytes"`
}

func (s settings) scikit(ctx context.Context, dir string) (t times, err error) {
	out, err := s.script(ctx, "code", dir, s.peer, s.terms, s.kind)
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(out, &t)
}

func (s settings) script(ctx context.Context, args ...any) ([]byte, error) {
	line := []string{filepath.Join("bench", "labels.py")}
	for _, a := range args {
		line = append(line, fmt.Sprint(a))
	}
	cmd := exec.CommandContext(ctx, s.python, line...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return out, nil
}

// facet labels all units and gives the seconds from the bank to the last label.
func (s settings) facet(ctx context.Context, dir string) ([]concept.Label, float64, error) {
	units, err := s.factored(dir)
	if err != nil {
		return nil, 0, err
	}
	embeddings, err := read(dir, "embeddings")
	if err != nil {
		return nil, 0, err
	}
	start := time.Now()
	d, err := s.dictionary(embeddings)
	if err != nil {
		return nil, 0, err
	}
	product, mix, err := s.products(d)
	if err != nil {
		return nil, 0, err
	}
	labels, err := s.label(ctx, d, product, mix, units)
	return labels, time.Since(start).Seconds(), err
}

func (s settings) label(ctx context.Context, d *concept.Dictionary, product concept.Product, mix concept.Mix, units concept.Units) ([]concept.Label, error) {
	l, err := d.Labeller(concept.Options{Terms: s.terms, Product: product, Mix: mix, Memory: s.memory * 7 / 8})
	if err != nil {
		return nil, err
	}
	return l.Label(ctx, units, nil)
}

func (s settings) dictionary(embeddings []float32) (*concept.Dictionary, error) {
	texts := make([]string, s.words)
	for i := range texts {
		texts[i] = "word " + strconv.Itoa(i)
	}
	return concept.NewDictionary(&concept.Bank{Texts: texts, Embed: s.embed, Embeddings: embeddings}, concept.UnitRows)
}

// factored are the units, a block a head.
func (s settings) factored(dir string) (concept.Units, error) {
	heads, err := read(dir, "heads")
	if err != nil {
		return nil, err
	}
	mixtures, err := read(dir, "mixtures")
	if err != nil {
		return nil, err
	}
	d := len(mixtures) / s.units
	count := len(heads) / (d * s.embed)
	blocks := make(concept.Units, count)
	for i := range s.units {
		b := &blocks[i*count/s.units]
		b.Coefficients = append(b.Coefficients, mixtures[i*d:(i+1)*d]...)
	}
	for h := range blocks {
		blocks[h].Basis = heads[h*d*s.embed : (h+1)*d*s.embed]
	}
	return blocks, nil
}

// products multiply with the atoms, and with what they gave, on an engine.
func (s settings) products(d *concept.Dictionary) (concept.Product, concept.Mix, error) {
	var e engine.Engine = portable.New()
	switch s.engine {
	case "gonum":
		return nil, nil, nil
	case "portable":
	default:
		fast, err := ort.New(ort.Options{})
		if err == nil {
			e = fast
		} else if s.engine == "ort" || !errors.Is(err, ort.ErrUnavailable) {
			return nil, nil, err
		}
	}
	g := graph.New("product")
	x := g.Input("x", graph.Float32, graph.Batch, graph.Dim(d.Embed))
	g.Output("y", g.MatMul(x, g.Constant("atoms", d.Atoms, len(d.Texts), d.Embed), true))
	product, err := e.Compile(g)
	if err != nil {
		return nil, nil, err
	}
	g = graph.New("mix")
	c := g.Input("c", graph.Float32, graph.Batch, graph.Length)
	g.Output("y", g.MatMul(c, g.Input("x", graph.Float32, graph.Length, graph.Dim(len(d.Texts))), false))
	mix, err := e.Compile(g)
	return func(ctx context.Context, x []float32) ([]float32, error) {
			out, err := product.Run(ctx, map[string]graph.Tensor{"x": graph.Floats(x, len(x)/d.Embed, d.Embed)})
			return out["y"].Floats, err
		}, func(ctx context.Context, c, x []float32, rank int) ([]float32, error) {
			out, err := mix.Run(ctx, map[string]graph.Tensor{"c": graph.Floats(c, len(c)/rank, rank), "x": graph.Floats(x, rank, len(x)/rank)})
			return out["y"].Floats, err
		}, err
}

// compare fails unless words are the same and coefficients within 1e-4.
func compare(dir string, labels []concept.Label, terms int) error {
	words, err := read(dir, "words")
	if err != nil {
		return err
	}
	coefficients, err := read(dir, "coefficients")
	if err != nil {
		return err
	}
	worst := 0.0
	for i, l := range labels {
		slices.SortFunc(l.Terms, func(a, b concept.Term) int { return a.Word - b.Word })
		for k, term := range l.Terms {
			if w := int(words[i*terms+k]); w != term.Word {
				return fmt.Errorf("unit %d: facet has word %d where scikit-learn has %d", i, term.Word, w)
			}
			worst = max(worst, math.Abs(term.Coefficient-float64(coefficients[i*terms+k])))
		}
		if len(l.Terms) != terms {
			return fmt.Errorf("unit %d: %d terms, expected %d", i, len(l.Terms), terms)
		}
	}
	if worst > 1e-4 {
		return fmt.Errorf("coefficients differ by %g", worst)
	}
	fmt.Printf("%d labels agree with scikit-learn: largest difference of a coefficient %.1g\n", len(labels), worst)
	return nil
}

func read(dir, name string) ([]float32, error) {
	data, err := os.ReadFile(filepath.Join(dir, name+".npy"))
	if err != nil {
		return nil, err
	}
	a, err := npy.Parse(data)
	return a.Data, err
}

// peakMemory is the most memory that this process has held, 0 where the system does not say.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err == nil {
				return kib << 10
			}
		}
	}
	return 0
}
