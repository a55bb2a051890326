package concept

import (
	"iter"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/facet-clip/facet/internal/numeric"

	"github.com/google/go-cmp/cmp"
)

func TestSearch(t *testing.T) {
	got := Search([]float32{1, -4, 9, 1, 3}, []float32{1, 4, 0, 2, 3}, 3)
	if diff := cmp.Diff([]Hit{{0, 1}, {4, 1}, {3, 0.5}}, got, close); diff != "" {
		t.Error(diff)
	}
	got, err := SearchDirections([]float32{0, 1}, []float32{3, 4, 0, 0, 0, -2}, 9)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Hit{{0, 0.8}, {2, -1}}, got, close); diff != "" {
		t.Error(diff)
	}
	if _, err := SearchDirections([]float32{0, 1}, []float32{1, 2, 3}, 1); err == nil {
		t.Error("three numbers of width 2: no error")
	}
}

// TestCentre: a word of the bank is centred as the bank is.
func TestCentre(t *testing.T) {
	b := bank(t, []string{"car", "tree", "boat"}, 1, 0, 0, 1, 1, 1)
	c, err := b.Centred()
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Centre(b.row(1))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.row(1), got, close); diff != "" {
		t.Error(diff)
	}
	if _, err := b.Centre([]float32{1}); err == nil {
		t.Error("another width: no error")
	}
	one := bank(t, []string{"car"}, 1, 0)
	if _, err := one.Centre([]float32{1, 0}); err == nil {
		t.Error("the mean itself: no error")
	}
}

// heads yields [C,D] blocks as decompose.OV.Directions does, overwriting them.
func heads(blocks ...[]float32) iter.Seq2[int, []float32] {
	return func(yield func(int, []float32) bool) {
		scratch := make([]float32, len(blocks[0]))
		for h, b := range blocks {
			copy(scratch, b)
			if !yield(h, scratch) {
				return
			}
		}
	}
}

func TestUnitDirections(t *testing.T) {
	got := NeuronDirections(heads([]float32{1, 2, 3, 4}, []float32{10, 0, 0, -4}))
	if diff := cmp.Diff([]float32{11, 2, 3, 0}, got); diff != "" {
		t.Error(diff)
	}
	// Rows are multiples of (3,4)/5 with some noise along (4,-3)/5; the sum points against the first.
	got = HeadDirections(heads([]float32{-6, -8, 3, 4, 0.04, -0.03}, []float32{0, 0, 0, 0, 0, 0}, []float32{1, -1, -1, 1, 0, 0}), 2)
	if math.Abs(float64(got[0])+0.6) > 1e-2 || math.Abs(float64(got[1])+0.8) > 1e-2 {
		t.Errorf("head 0: %v, want about (-0.6,-0.8)", got[:2])
	}
	if diff := cmp.Diff([]float32{0, 0}, got[2:4]); diff != "" {
		t.Errorf("a head that says nothing: %s", diff)
	}
	if h := math.Sqrt(0.5); math.Abs(math.Abs(float64(got[4]))-h) > 1e-5 || math.Abs(float64(got[4]+got[5])) > 1e-5 {
		t.Errorf("a head whose neurons cancel: %v", got[4:])
	}
}

// TestPrincipal checks ‖u v‖ against random directions and that v is fixed by the Gram matrix.
func TestPrincipal(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const C, D = 40, 12
	u := make([]float32, C*D)
	for i := range u {
		u[i] = float32(random.NormFloat64() / (1 + float64(i%D)/3))
	}
	v := principal(u, D)
	image := multiply(u, C, v, 1)
	back := make([]float64, D)
	for i, a := range image {
		for k := range D {
			back[k] += float64(a) * float64(u[i*D+k])
		}
	}
	value := numeric.Norm(image) * numeric.Norm(image)
	for k := range D {
		if math.Abs(back[k]-value*float64(v[k])) > 1e-4*value {
			t.Fatalf("not an eigenvector: %v against %v times %v", back, value, v)
		}
	}
	for range 200 {
		r := RandomDirections(u, D, 1, random.Uint64())
		if got := multiply(u, C, r, 1); numeric.Norm(got)*numeric.Norm(got) > value {
			t.Fatalf("a random direction has more: %v > %v", numeric.Norm(got), math.Sqrt(value))
		}
	}
}

func TestRandomDirections(t *testing.T) {
	units := []float32{1, 0, 0, 0, 2, 0} // the third coordinate is outside the span
	got := RandomDirections(units, 3, 50, 1)
	if len(got) != 150 {
		t.Fatalf("%d numbers, want 150", len(got))
	}
	for i := 0; i < len(got); i += 3 {
		if got[i+2] != 0 || math.Abs(numeric.Norm(got[i:i+3])-1) > 1e-6 {
			t.Fatalf("direction %v", got[i:i+3])
		}
	}
	if diff := cmp.Diff(got, RandomDirections(units, 3, 50, 1)); diff != "" {
		t.Error("another answer for the same seed")
	}
	if got := RandomDirections(make([]float32, 6), 3, 5, 1); len(got) != 0 {
		t.Errorf("in the span of nothing: %v", got)
	}
}

func terms(explained ...float64) Label {
	var l Label
	for i, e := range explained {
		l.Terms = append(l.Terms, Term{Word: i, Explained: e})
	}
	l.addUp(l.Terms)
	return l
}

func TestShown(t *testing.T) {
	for _, c := range []struct {
		explained []float64
		want      int
	}{
		{nil, 0}, {[]float64{0.4}, 1}, {[]float64{0.4, 0.49, 0.6}, 1}, {[]float64{0.4, 0.52, 0.59}, 2},
		{[]float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 5},
	} {
		if got := len(terms(c.explained...).Shown()); got != c.want {
			t.Errorf("%v: %d shown, want %d", c.explained, got, c.want)
		}
	}
}

func TestNull(t *testing.T) {
	var labels []Label
	for i := range 100 {
		e := float64(i) / 100
		labels = append(labels, terms(e/2, e))
	}
	labels[3] = Label{}
	n := NewNull(labels)
	if diff := cmp.Diff([]float64{0.47, 0.94}, n.Explained, close); diff != "" {
		t.Error(diff)
	}
	for _, c := range []struct {
		label Label
		want  bool
	}{{Label{}, false}, {terms(0.46), false}, {terms(0.48), true}, {terms(0.48, 0.9), false}, {terms(0.48, 0.95), true}} {
		if got := n.Names(c.label); got != c.want {
			t.Errorf("%v: named %t", c.label, got)
		}
	}
	if NewNull(nil).Names(terms(1)) {
		t.Error("nothing is known of chance, and yet a name")
	}
}

// TestNullNamesWords: on a dictionary, units that are words with some noise are named, random ones mostly not.
func TestNullNamesWords(t *testing.T) {
	d, units := world(t, 300, 64, 200)
	null, err := d.OMP(t.Context(), RandomDirections(units, 64, 200, 7), Options{Terms: 8})
	if err != nil {
		t.Fatal(err)
	}
	random, err := d.OMP(t.Context(), units, Options{Terms: 8})
	if err != nil {
		t.Fatal(err)
	}
	var noisy []float32
	for i := range 200 {
		unit := append([]float32(nil), units[i*64:(i+1)*64]...)
		if err := normalise(unit); err != nil {
			t.Fatal(err)
		}
		for k, a := range d.atom(i) {
			unit[k] = -a + 0.7*unit[k]
		}
		noisy = append(noisy, unit...)
	}
	words, err := d.OMP(t.Context(), noisy, Options{Terms: 8})
	if err != nil {
		t.Fatal(err)
	}
	n := NewNull(null)
	count := func(labels []Label) (named int) {
		for _, l := range labels {
			if n.Names(l) {
				named++
			}
		}
		return named
	}
	if got := count(random); got > 30 {
		t.Errorf("%d of 200 random units are named", got)
	}
	if got := count(words); got < 190 {
		t.Errorf("%d of 200 noisy words are named", got)
	}
	for i, l := range words {
		if l.Terms[0].Word != i {
			continue
		}
		if l.Terms[0].Coefficient > 0 || l.Margin < 0 || l.Stability < -1 || l.Stability > 1+1e-9 {
			t.Errorf("unit %d: %+v", i, l)
		}
	}
}

// TestWeights: the terms to show have the coefficients of a fit without the others.
func TestWeights(t *testing.T) {
	d, units := world(t, 300, 32, 40)
	long, err := d.OMP(t.Context(), units, Options{Terms: 30})
	if err != nil {
		t.Fatal(err)
	}
	differ := false
	for i, l := range long {
		shown := l.Shown()
		short, err := d.OMP(t.Context(), units[i*32:(i+1)*32], Options{Terms: len(shown)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(short[0].Terms, shown, close); diff != "" {
			t.Errorf("unit %d: %s", i, diff)
		}
		differ = differ || math.Abs(shown[0].Coefficient-l.Terms[0].Coefficient) > 0.1
	}
	if !differ {
		t.Error("no word's coefficient depends on the words after it: the test sees nothing")
	}
}

// TestStability: with a twin of the first word in the dictionary the label rather keeps its meaning when the word is left out.
func TestStability(t *testing.T) {
	d, err := NewDictionary(&Bank{Texts: []string{"car", "auto", "tree", "boat", "dog"}, Embed: 4, Embeddings: []float32{
		1, 0, 0, 0, 0.999, 0.0447, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}}, UnitRows)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := d.OMP(t.Context(), append(append([]float32(nil), d.atom(0)...), d.atom(3)...), Options{Terms: 2})
	if err != nil {
		t.Fatal(err)
	}
	if car, boat := labels[0], labels[1]; car.Stability < boat.Stability+0.1 || car.Margin > 0.01 || boat.Margin < 0.4 {
		t.Errorf("car %+v\nboat %+v", car, boat)
	}
}
