package concept

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"github.com/facet-clip/facet/internal/numeric"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/npy"
)

// TestGoldenOMP compares with scikit-learn's SparseCoder on the golden pairs, on both dictionaries.
func TestGoldenOMP(t *testing.T) {
	for _, set := range golden.Sets {
		for name, scale := range map[string]Normalisation{"omp": UnitRows, "omp_reference": UnitColumns} {
			t.Run(set+"/"+name, func(t *testing.T) {
				arrays := golden.Open(t, set)
				phrases := arrays.Array("phrases_embedding_centred")
				T, D := phrases.Shape[0], phrases.Shape[1]
				// Lengths matter to the reference's dictionary, so the bank is taken as it is.
				d, err := NewDictionary(&Bank{Texts: numbered(T), Embed: D, Embeddings: phrases.Data}, scale)
				if err != nil {
					t.Fatal(err)
				}
				var units []float32
				pcs := arrays.Array("pair_pc").Data
				for _, p := range arrays.Array("omp_units").Data {
					units = append(units, pcs[int(p)*D:(int(p)+1)*D]...)
				}
				labels, err := d.OMP(t.Context(), units, Options{Terms: 8})
				if err != nil {
					t.Fatal(err)
				}
				got, want := dense(labels, T), columnMajor(t, set, name)
				if diff := gocmp.Diff(support(want, T), support(got, T)); diff != "" {
					t.Fatalf("words differ (-scikit-learn +ours):\n%s", diff)
				}
				golden.Compare(t, "coefficients", got, want, 1.4e-5, 0)
			})
		}
	}
}

// columnMajor reads a golden array [r,c] that NumPy stored column by column, which package npy refuses: it is read as its
// transpose and turned.
func columnMajor(t *testing.T, set, name string) []float32 {
	t.Helper()
	file, err := zip.OpenReader(filepath.Join(golden.Dir(t, set), "golden.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	entry, err := file.Open(name + ".npy")
	if err != nil {
		t.Fatal(err)
	}
	defer entry.Close()
	data, err := io.ReadAll(entry)
	if err != nil {
		t.Fatal(err)
	}
	a, err := npy.Parse(bytes.Replace(data, []byte("'fortran_order': True, "), []byte("'fortran_order': False,"), 1))
	if err != nil {
		t.Fatal(err)
	}
	r, c := a.Shape[0], a.Shape[1]
	out := make([]float32, r*c)
	for i, v := range a.Data {
		out[i%r*c+i/r] = v
	}
	return out
}

func numbered(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = "word " + strconv.Itoa(i)
	}
	return texts
}

// dense is the coefficients of labels as [U,T].
func dense(labels []Label, words int) []float32 {
	out := make([]float32, len(labels)*words)
	for u, l := range labels {
		for _, term := range l.Terms {
			out[u*words+term.Word] = float32(term.Coefficient)
		}
	}
	return out
}

// support is which of [U,T] are not zero, by unit.
func support(x []float32, words int) [][]int {
	out := make([][]int, len(x)/words)
	for i, v := range x {
		if v != 0 {
			out[i/words] = append(out[i/words], i%words)
		}
	}
	return out
}

// world is a dictionary of words that lie in groups, as real ones do, and units near to it.
func world(t testing.TB, words, embed, units int) (*Dictionary, []float32) {
	t.Helper()
	random := rand.New(rand.NewPCG(5, 20))
	groups := make([]float32, 12*embed)
	for i := range groups {
		groups[i] = float32(random.NormFloat64() / math.Sqrt(1+float64(i%embed)/4))
	}
	embeddings := make([]float32, words*embed)
	for i := range embeddings {
		group := i / embed * 7 % 12
		embeddings[i] = 0.5 + groups[group*embed+i%embed] + float32(random.NormFloat64())*0.7
	}
	bank, err := NewBank(numbered(words), embeddings, embed)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDictionary(bank, UnitRows)
	if err != nil {
		t.Fatal(err)
	}
	u := make([]float32, units*embed)
	for i := range u {
		u[i] = float32(random.NormFloat64())
	}
	return d, u
}

// slowOMP is orthogonal matching pursuit as in a textbook: explicit residuals in float64, Gram–Schmidt.
func slowOMP(d *Dictionary, unit []float32, terms int) (words []int, residuals [][]float64) {
	r := make([]float64, d.Embed)
	for k, v := range unit {
		r[k] = float64(v)
	}
	var basis [][]float64
	for range terms {
		word, best := 0, -1.0
		for t := range d.Texts {
			c := 0.0
			for k, a := range d.atom(t) {
				c += float64(a) * r[k]
			}
			if math.Abs(c) > best {
				word, best = t, math.Abs(c)
			}
		}
		q := make([]float64, d.Embed)
		for k, a := range d.atom(word) {
			q[k] = float64(a)
		}
		for range 2 {
			for _, b := range basis {
				axpy(-dot64(b, q), b, q)
			}
		}
		length := math.Sqrt(dot64(q, q))
		for k := range q {
			q[k] /= length
		}
		axpy(-dot64(q, r), q, r)
		basis, words, residuals = append(basis, q), append(words, word), append(residuals, slices.Clone(r))
	}
	return words, residuals
}

func dot64(a, b []float64) (sum float64) {
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func axpy(s float64, x, y []float64) {
	for i, v := range x {
		y[i] += s * v
	}
}

func words(l Label) []int {
	var out []int
	for _, term := range l.Terms {
		out = append(out, term.Word)
	}
	return out
}

func TestOMPAgainstTextbook(t *testing.T) {
	const terms = 12
	d, units := world(t, 300, 48, 40)
	labels, err := d.OMP(t.Context(), units, Options{Terms: terms})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range labels {
		unit := units[i*d.Embed : (i+1)*d.Embed]
		want, residuals := slowOMP(d, unit, terms)
		if diff := gocmp.Diff(want, words(l)); diff != "" {
			t.Fatalf("unit %d: words differ (-textbook +ours):\n%s", i, diff)
		}
		square := numeric.Norm(unit) * numeric.Norm(unit)
		for k, term := range l.Terms {
			explained := 1 - dot64(residuals[k], residuals[k])/square
			if math.Abs(term.Explained-explained) > 1e-9 || math.Abs(term.Cosine-math.Sqrt(explained)) > 1e-9 {
				t.Fatalf("unit %d term %d: explained %v, cosine %v, want %v", i, k, term.Explained, term.Cosine, explained)
			}
		}
	}
}

// remainder is u minus the reconstruction.
func remainder(d *Dictionary, unit []float32, l Label) []float64 {
	r := make([]float64, d.Embed)
	for k, v := range unit {
		r[k] = float64(v)
	}
	for _, term := range l.Terms {
		for k, a := range d.atom(term.Word) {
			r[k] -= term.Coefficient * float64(a)
		}
	}
	return r
}

func TestOMPProperties(t *testing.T) {
	d, units := world(t, 400, 64, 30)
	labels, err := d.OMP(t.Context(), units, Options{Terms: 20})
	if err != nil {
		t.Fatal(err)
	}
	scaled := slices.Clone(units)
	for i := range scaled {
		scaled[i] *= -4
	}
	flipped, err := d.OMP(t.Context(), scaled, Options{Terms: 20})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range labels {
		unit := units[i*d.Embed : (i+1)*d.Embed]
		r := remainder(d, unit, l)
		last := 0.0
		for k, term := range l.Terms {
			if term.Explained < last {
				t.Errorf("unit %d: the residual grows at term %d", i, k)
			}
			last = term.Explained
			along := 0.0
			for j, a := range d.atom(term.Word) {
				along += float64(a) * r[j]
			}
			if math.Abs(along) > 1e-10*numeric.Norm(unit) {
				t.Errorf("unit %d: the residual is not orthogonal to word %d: %g", i, term.Word, along)
			}
			if f := flipped[i].Terms[k]; f.Word != term.Word || math.Abs(f.Coefficient+4*term.Coefficient) > 1e-9*numeric.Norm(unit) {
				t.Errorf("unit %d times -4: term %d is %+v, was %+v", i, k, f, term)
			}
		}
		if want := 1 - dot64(r, r)/(numeric.Norm(unit)*numeric.Norm(unit)); math.Abs(l.Explained()-want) > 1e-9 {
			t.Errorf("unit %d: explained %v, want %v", i, l.Explained(), want)
		}
	}
}

// TestSameLabelsAnyWay runs with little memory, one thread and a product that rounds otherwise: the labels are the same to the last bit.
func TestSameLabelsAnyWay(t *testing.T) {
	d, units := world(t, 500, 64, 70)
	want, err := d.OMP(t.Context(), units, Options{Terms: 16})
	if err != nil {
		t.Fatal(err)
	}
	noisy := func(ctx context.Context, x []float32) ([]float32, error) {
		y, err := d.Product(ctx, x)
		for i := range y {
			y[i] *= 1 + float32(i%5-2)/(1<<23)
		}
		return y, err
	}
	t.Cleanup(func() { runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) })
	threads := runtime.GOMAXPROCS(0)
	for name, run := range map[string]struct {
		threads int
		o       Options
	}{
		"little memory": {threads, Options{Terms: 16, Memory: 500 * 4 * 40}},
		"one thread":    {1, Options{Terms: 16}},
		"many threads":  {7, Options{Terms: 16}},
		"other product": {threads, Options{Terms: 16, Product: noisy}},
	} {
		runtime.GOMAXPROCS(run.threads)
		got, err := d.OMP(t.Context(), units, run.o)
		runtime.GOMAXPROCS(threads)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestNoLabel(t *testing.T) {
	d, units := world(t, 50, 16, 3)
	clear(units[16:32])
	for name, run := range methods(d) {
		labels, err := run(t.Context(), units, Options{Terms: 4})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(labels) != 3 || len(labels[1].Terms) != 0 || len(labels[0].Terms) == 0 || len(labels[2].Terms) == 0 {
			t.Errorf("%s: %d labels, terms of the unit of no length: %v", name, len(labels), labels[1].Terms)
		}
		if none, err := run(t.Context(), nil, Options{Terms: 4}); err != nil || len(none) != 0 {
			t.Errorf("%s: no units: %v, %v", name, none, err)
		}
	}
}

type method = func(context.Context, []float32, Options) ([]Label, error)

// by labels units [U,D] by a method.
func by(d *Dictionary, m Method) method {
	return func(ctx context.Context, units []float32, o Options) ([]Label, error) {
		o.Method = m
		l, err := d.Labeller(o)
		if err != nil {
			return nil, err
		}
		return l.Label(ctx, Units{{Basis: units}}, nil)
	}
}

func methods(d *Dictionary) map[string]method {
	return map[string]method{"omp": d.OMP, "nnomp": by(d, NonNegative), "lasso": by(d, Lasso)}
}

// TestTwoWords has atoms that are each other's opposite, the smallest dictionary there is: one word says all that two could.
func TestTwoWords(t *testing.T) {
	b := bank(t, []string{"car", "tree"}, 1, 0, 0, 1)
	d, err := NewDictionary(b, UnitRows)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := d.OMP(t.Context(), []float32{1, 0, 1, 1}, Options{Terms: 64})
	if err != nil {
		t.Fatal(err)
	}
	h := math.Sqrt(0.5)
	want := []Term{{0, h, 0.5, h}}
	if diff := gocmp.Diff(want, labels[0].Terms, close); diff != "" {
		t.Error(diff)
	}
	if len(labels[1].Terms) != 0 {
		t.Errorf("a unit orthogonal to all words: %v", labels[1].Terms)
	}
}

func TestDictionaryErrors(t *testing.T) {
	nan := float32(math.NaN())
	for name, c := range map[string]struct {
		bank *Bank
		is   error
	}{
		"empty":     {&Bank{Embed: 2}, ErrFewWords},
		"one word":  {&Bank{Texts: []string{"a"}, Embed: 2, Embeddings: []float32{1, 0}}, ErrFewWords},
		"duplicate": {&Bank{Texts: []string{"a", "b", "c"}, Embed: 2, Embeddings: []float32{1, 0, 0, 1, 1, 0}}, ErrDuplicate},
		"NaN":       {&Bank{Texts: []string{"a", "b"}, Embed: 2, Embeddings: []float32{1, 0, nan, 1}}, nil},
		"mean":      {&Bank{Texts: []string{"a", "b", "c"}, Embed: 2, Embeddings: []float32{1, 0, -1, 0, 0, 0}}, nil},
		"short":     {&Bank{Texts: []string{"a", "b"}, Embed: 2, Embeddings: []float32{1, 0, 0}}, nil},
	} {
		d, err := NewDictionary(c.bank, UnitRows)
		if err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	constant := &Bank{Texts: []string{"a", "b"}, Embed: 2, Embeddings: []float32{1, 1, 1, 2}}
	if _, err := NewDictionary(constant, UnitColumns); err == nil {
		t.Error("a dimension without variance: no error")
	}
}

func TestDistinct(t *testing.T) {
	b := &Bank{Texts: []string{"car", "tree", "Car", "boat"}, Embed: 2, Embeddings: []float32{1, 0, 0, 1, 1, 0, 1, 1}}
	kept, dropped := b.Distinct()
	if diff := gocmp.Diff(&Bank{Texts: []string{"car", "tree", "boat"}, Embed: 2, Embeddings: []float32{1, 0, 0, 1, 1, 1}}, kept); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff([]string{"Car"}, dropped); diff != "" {
		t.Error(diff)
	}
}

func TestFitErrors(t *testing.T) {
	d, units := world(t, 50, 16, 3)
	failure := errors.New("no")
	bad := slices.Clone(units)
	bad[20] = float32(math.Inf(1))
	for name, c := range map[string]struct {
		units []float32
		o     Options
	}{
		"width":      {units[:17], Options{Terms: 4}},
		"infinite":   {bad, Options{Terms: 4}},
		"no terms":   {units, Options{}},
		"no memory":  {units, Options{Terms: 4, Memory: 1000}},
		"product":    {units, Options{Terms: 4, Product: func(context.Context, []float32) ([]float32, error) { return nil, failure }}},
		"misshapen":  {units, Options{Terms: 4, Product: func(context.Context, []float32) ([]float32, error) { return nil, nil }}},
		"bad memory": {units, Options{Terms: 4, Memory: -1}},
	} {
		for kind, run := range methods(d) {
			if _, err := run(t.Context(), c.units, c.o); err == nil {
				t.Errorf("%s: %s: no error", kind, name)
			}
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, run := range methods(d) {
		cancel()
		if _, err := run(cancelled, units, Options{Terms: 4}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled: %v", name, err)
		}
	}
}

// TestReady: labels are given in order as they come, and an error ends the fit.
func TestReady(t *testing.T) {
	d, units := world(t, 50, 16, 9)
	clear(units[:16]) // which needs no fit
	l, err := d.Labeller(Options{Terms: 4, Memory: 50 * 4 * 24})
	if err != nil {
		t.Fatal(err)
	}
	var given []Label
	calls := 0
	want, err := l.Label(t.Context(), Units{{Basis: units}}, func(some []Label) error {
		given, calls = append(given, some...), calls+1
		return nil
	})
	if err != nil || len(want) != 9 || calls < 2 {
		t.Fatalf("%d labels in %d calls: %v", len(want), calls, err)
	}
	if diff := gocmp.Diff(want, given); diff != "" {
		t.Error(diff)
	}
	full := errors.New("full")
	if _, err := l.Label(t.Context(), Units{{Basis: units}}, func([]Label) error { return full }); !errors.Is(err, full) {
		t.Errorf("ready fails: %v", err)
	}
}

// TestNearTies gives many words the same correlation but for what float32 cannot hold: float64 decides, and the first of equals comes first.
func TestNearTies(t *testing.T) {
	d, _ := world(t, 40, 8, 1)
	for i := range d.Texts { // all with the same first coordinate, which is all that the unit sees
		d.atom(i)[0] = 0.25
	}
	d.atom(29)[0] = math.Nextafter32(0.25, 1)
	unit := []float32{1, 0, 0, 0, 0, 0, 0, 0}
	labels, err := d.OMP(t.Context(), unit, Options{Terms: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := labels[0].Terms[0].Word; got != 29 {
		t.Errorf("word %d, want 29", got)
	}
	d.atom(29)[0] = 0.25
	if labels, err = d.OMP(t.Context(), unit, Options{Terms: 1}); err != nil || labels[0].Terms[0].Word != 0 {
		t.Errorf("%v, %v, want word 0", labels, err)
	}
}

// TestRounding: the bound covers what float32 does to residuals, seen against float64.
func TestRounding(t *testing.T) {
	d, units := world(t, 400, 64, 20)
	l, err := d.Labeller(Options{Terms: 24})
	if err != nil {
		t.Fatal(err)
	}
	labels, err := l.Label(t.Context(), Units{{Basis: units}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	alpha, err := d.Product(t.Context(), units)
	if err != nil {
		t.Fatal(err)
	}
	w, worst := l.workers[0], 0.0
	for i, label := range labels {
		u := target{unit: units[i*64 : (i+1)*64], alpha: alpha[i*400 : (i+1)*400]}
		u.length = numeric.Norm(u.unit)
		u.size = u.length
		label.Terms = label.Terms[:len(label.Terms)-1] // nobody has asked for the correlations of the last word
		var x []float64
		for _, term := range label.Terms {
			x = append(x, term.Coefficient)
		}
		bound := w.rounding(u, x)
		for word, v := range w.residual(u, words(label), x) {
			worst = max(worst, math.Abs(float64(v)-w.exactResidual(word, u, words(label), x))/bound)
		}
	}
	if !(worst > 0 && worst < 1) {
		t.Errorf("float32 is off by %g of the bound", worst)
	}
}

func TestTopTwo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		x := make([]float32, 2+random.IntN(20))
		for i := range x {
			x[i] = float32(random.IntN(9)) - 3
		}
		x[random.IntN(len(x))] = 5 // something is positive
		for _, o := range []order{bySize, byValue} {
			places := make([]int, len(x))
			for i := range places {
				places[i] = i
			}
			slices.SortStableFunc(places, func(i, j int) int { return cmp.Compare(o.of(float64(x[j])), o.of(float64(x[i]))) })
			first, second := o.topTwo(x)
			if first != places[0] || x[places[1]] > 0 && second != places[1] {
				t.Fatalf("%v: %d and %d, want %v", x, first, second, places[:2])
			}
			k := 1 + random.IntN(len(x))
			if diff := gocmp.Diff(places[:k], o.largest(x, k)); diff != "" {
				t.Fatalf("%v: %s", x, diff)
			}
		}
	}
}

func TestDictionaryWithDirections(t *testing.T) {
	bank, err := NewBank([]string{"a", "b", "c"}, []float32{1, 0, 0, 0, 1, 0, 1, 1, 0}, 3)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewDictionary(bank, UnitRows)
	if err != nil {
		t.Fatal(err)
	}
	more, err := d.With([]string{"noise"}, []float32{0, 0, -7})
	if err != nil {
		t.Fatal(err)
	}
	labels, err := more.OMP(t.Context(), []float32{0, 0, 5}, Options{Terms: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := labels[0].Terms[0]; more.Texts[got.Word] != "noise" || math.Abs(got.Coefficient+5) > 1e-6 {
		t.Errorf("5 along the third axis: %+v, expected noise by −5", got)
	}
	if len(d.Texts) != 3 || len(d.Atoms) != 9 {
		t.Error("the dictionary itself was changed")
	}
	for _, wrong := range [][]float32{{0, 0, 0}, {1}, {float32(math.NaN()), 0, 0}} {
		if _, err := d.With([]string{"x"}, wrong); err == nil {
			t.Errorf("direction %v: expected an error", wrong)
		}
	}
}
