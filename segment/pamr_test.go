package segment

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/facet-clip/facet/internal/golden"
	"github.com/facet-clip/facet/npy"
)

func readArray(t *testing.T, path string) npy.Array {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := npy.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestPAMRIsTheReferences compares with the published implementation, run in PyTorch on the picture and logits of testdata/pamr.
func TestPAMRIsTheReferences(t *testing.T) {
	pixels, logits := readArray(t, "testdata/pamr/image.npy"), readArray(t, "testdata/pamr/logits.npy")
	H, W := pixels.Shape[0], pixels.Shape[1]
	photo := image.NewNRGBA(image.Rect(0, 0, W, H))
	for i := range W * H {
		p := pixels.Data[3*i:]
		photo.SetNRGBA(i%W, i/W, color.NRGBA{uint8(p[0]), uint8(p[1]), uint8(p[2]), 255})
	}
	a := newAffinity(photo)
	for c := range logits.Shape[0] {
		a.refine(logits.Data[c*H*W : (c+1)*H*W])
	}
	golden.Compare(t, "refined logits", logits.Data, readArray(t, "testdata/pamr/refined.npy").Data, 1e-5, 1e-6)
}

func TestPAMRKeepsWhatIsConstant(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []image.Point{{1, 1}, {1, 9}, {40, 1}, {20, 18}, {2100, 3}} {
		photo := image.NewNRGBA(image.Rectangle{Max: size})
		for i := range photo.Pix {
			photo.Pix[i] = uint8(random.IntN(256))
		}
		logits := make([]float32, size.X*size.Y)
		for i := range logits {
			logits[i] = 0.7
		}
		newAffinity(photo).refine(logits)
		for _, v := range logits {
			if !(math.Abs(float64(v)-0.7) < 1e-5) {
				t.Fatalf("%v: a constant map became %v", size, v)
			}
		}
	}
}

// TestPAMRStopsAtEdges refines a half-and-half picture whose logits spill over the edge.
func TestPAMRStopsAtEdges(t *testing.T) {
	const W, H = 64, 64
	photo, logits := image.NewGray(image.Rect(0, 0, W, H)), make([]float32, W*H)
	random := rand.New(rand.NewPCG(3, 4))
	for i := range photo.Pix {
		photo.Pix[i] = uint8(random.IntN(6))
		if i%W >= W/2 {
			photo.Pix[i] += 200
		}
		if i%W >= W/2-6 { // six columns too far
			logits[i] = 1
		}
	}
	newAffinity(photo).refine(logits)
	if dark, light := logits[32*W+W/2-3], logits[32*W+W/2+3]; dark > 0.5 || light < 0.9 {
		t.Errorf("beside the edge: %v on the dark side, %v on the light one", dark, light)
	}
}

// TestPAMRWide: rows too long for one list of neighbours give what a cut of them gives, away from the cut.
func TestPAMRWide(t *testing.T) {
	const W, cut, H = 2100, 600, 20
	const sure = cut - 11*16 // ten steps and the comparison of pixels reach so far
	random := rand.New(rand.NewPCG(5, 6))
	wide := image.NewGray(image.Rect(0, 0, W, H))
	logits, part := make([]float32, W*H), make([]float32, cut*H)
	for i := range wide.Pix {
		wide.Pix[i], logits[i] = uint8(random.IntN(256)), random.Float32()
		if i%W < cut {
			part[i/W*cut+i%W] = logits[i]
		}
	}
	newAffinity(wide).refine(logits)
	newAffinity(wide.SubImage(image.Rect(0, 0, cut, H))).refine(part)
	var got, want []float32
	for y := range H {
		got, want = append(got, logits[y*W:][:sure]...), append(want, part[y*cut:][:sure]...)
	}
	golden.Compare(t, "refined logits", got, want, 1e-6, 1e-6)
}
