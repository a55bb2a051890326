package main

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/quality"
	"github.com/facet-clip/facet/scenes"
)

// Is it the same drift? Drifts of a world of single cars are made twice, of other scenes, and compared by the directions in which the mean
// embedding moves.

const (
	returnReference = 2000
	returnScenes    = 400 // of each time of a drift; windows are drawn from them with replacement
	returnDraws     = 200
)

// moved is a drift of the cars' world: another world, another scene or another picture.
type moved struct {
	name    string
	family  string // drifts of one family are one drift of other strength
	world   func(*scenes.World)
	spec    func(*scenes.Spec)
	picture func(*image.RGBA) (*image.RGBA, error)
}

func carsWorld() scenes.World {
	w := scenes.DefaultWorld().Single().Only(scenes.BodyStyles()...)
	w.Backgrounds[scenes.Snow] = 0
	return w
}

// shareOf sets one weight to a share of all.
func shareOf(weights []float64, at int, share float64) {
	weights[at] = 0
	sum := 0.0
	for _, v := range weights {
		sum += v
	}
	weights[at] = sum * share / (1 - share)
}

// sized makes objects smaller.
func sized(by float64) func(*scenes.Spec) {
	return func(s *scenes.Spec) {
		for i := range s.Objects {
			s.Objects[i].Size *= by
		}
	}
}

func inverted(img *image.RGBA) (*image.RGBA, error) {
	out := image.NewRGBA(img.Rect)
	for i, v := range img.Pix {
		if out.Pix[i] = v; i%4 < 3 {
			out.Pix[i] = 255 - v
		}
	}
	return out, nil
}

// varied are pictures with more of a quality, or less.
func varied(name, way string, more bool) func(*image.RGBA) (*image.RGBA, error) {
	all := quality.All()
	q := all[slices.IndexFunc(all, func(q quality.Quality) bool { return q.Name == name && q.Way == way })]
	return func(img *image.RGBA) (*image.RGBA, error) {
		low, high, err := q.Vary(img)
		if more {
			return high, err
		}
		return low, err
	}
}

func movedKinds() []moved {
	yellow := func(share float64) func(*scenes.World) {
		return func(w *scenes.World) { shareOf(w.Colours[:], int(scenes.Yellow), share) }
	}
	snow := func(share float64) func(*scenes.World) {
		return func(w *scenes.World) { shareOf(w.Backgrounds[:], int(scenes.Snow), share) }
	}
	cats := func(w *scenes.World) { shareOf(w.Categories[1:], int(scenes.Cat)-1, 0.5) }
	convertibles := func(w *scenes.World) { shareOf(w.Categories[1:], int(scenes.Convertible)-1, 0.7) }
	striped := func(w *scenes.World) { shareOf(w.Patterns[:], int(scenes.Striped), 0.7) }
	return []moved{
		{"inverted", "inverted", nil, nil, inverted},
		{"snow 70 %", "snow", snow(0.7), nil, nil},
		{"snow 30 %", "snow", snow(0.3), nil, nil},
		{"yellow 70 %", "yellow", yellow(0.7), nil, nil},
		{"yellow 30 %", "yellow", yellow(0.3), nil, nil},
		{"cats 50 %", "cats", cats, nil, nil},
		{"convertibles 70 %", "convertibles", convertibles, nil, nil},
		{"striped 70 %", "striped", striped, nil, nil},
		{"objects × 0.6", "small", nil, sized(0.6), nil},
		{"objects × 0.75", "small", nil, sized(0.75), nil},
		{"noise 8", "noise", nil, nil, varied("noise", "8 grey levels", true)},
		{"noise 32", "noise", nil, nil, varied("noise", "32 grey levels", true)},
		{"blur", "blur", nil, nil, varied("blur", "1.2 % of the side", true)},
		{"greyscale", "grey", nil, nil, varied("colour", "up from none", false)},
		{"darker", "dark", nil, nil, varied("brightness", "a third further from black", false)},
		{"brighter", "bright", nil, nil, varied("brightness", "a third nearer to white", true)},
		{"turned by 90", "turned", nil, nil, varied("rotation", "by 90 degrees", true)},
		{"occluded, black", "occluded", nil, nil, varied("occlusion", "by a black square of 40 % of the side", true)},
		{"JPEG 8", "jpeg", nil, nil, varied("JPEG artefacts", "of quality 8", true)},
	}
}

// embedded are the embeddings of n scenes of a drift.
func (b *bench) embedded(ctx context.Context, m moved, seed uint64, n int) (out [][]float32, err error) {
	w := carsWorld()
	if m.world != nil {
		m.world(&w)
	}
	const batch = 32
	for at := 0; at < n; at += batch {
		var pictures []*image.RGBA
		for i := at; i < min(n, at+batch); i++ {
			s, err := scenes.Sample(w, seed, uint64(i))
			if err != nil {
				return nil, err
			}
			if m.spec != nil {
				m.spec(&s)
			}
			drawn, err := scenes.Render(s, 96)
			if err != nil {
				return nil, err
			}
			img := cropped(drawn.Image, b.model.Config.Image)
			if m.picture != nil {
				if img, err = m.picture(img); err != nil {
					return nil, err
				}
			}
			pictures = append(pictures, img)
		}
		e, err := b.encode(ctx, pictures)
		if err != nil {
			return nil, err
		}
		for k := range pictures {
			out = append(out, e[k*b.ov.Embed:][:b.ov.Embed])
		}
	}
	return out, nil
}

func cropped(img *image.RGBA, size int) *image.RGBA {
	n := &image.NRGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect} // opaque
	return preprocess.Crop(n, size)
}

// seenTwice is a drift with the embeddings of both times [n][D].
type seenTwice struct {
	moved
	times [2][][]float32
}

// move is that of n images of one time.
func (s seenTwice) move(random *rand.Rand, p *drift.Profile, time, n int) (drift.Move, error) {
	g := drift.NewGaussian(len(p.Embedding.Mean))
	for range n {
		g.Add(s.times[time][random.IntN(len(s.times[time]))])
	}
	m, ok := p.NewMove(&drift.Summary{Embedding: g})
	if !ok {
		return m, fmt.Errorf("%s: %d images have no move", s.name, n)
	}
	return m, nil
}

// met is how often two drifts were compared, and what came of it.
type met struct {
	pairs, same int
	cosines     []float64 // of those that have a direction
}

func (m *met) take(o met) {
	m.pairs, m.same, m.cosines = m.pairs+o.pairs, m.same+o.same, append(m.cosines, o.cosines...)
}

func (m met) String() string {
	if len(m.cosines) == 0 {
		return fmt.Sprintf("of %5d pairs none has a direction", m.pairs)
	}
	slices.Sort(m.cosines)
	at := func(share float64) float64 { return m.cosines[int(share*float64(len(m.cosines)-1))] }
	return fmt.Sprintf("of %5d pairs %5.1f %% have a direction, %5.1f %% (%d) are the same; cosine at 5, 50, 95 %%: %5.2f %5.2f %5.2f",
		m.pairs, percent(len(m.cosines), m.pairs), percent(m.same, m.pairs), m.same, at(0.05), at(0.5), at(0.95))
}

func percent(n, of int) float64 { return 100 * float64(n) / float64(of) }

// meet compares the first time of a drift with the second of another.
func meet(random *rand.Rand, p *drift.Profile, a, b seenTwice, n, draws int) (out met, err error) {
	for range draws {
		x, err := a.move(random, p, 0, n)
		if err != nil {
			return out, err
		}
		y, err := b.move(random, p, 1, n)
		if err != nil {
			return out, err
		}
		c := p.Cosine(x, y)
		if out.pairs++; c != 0 {
			out.cosines = append(out.cosines, c)
		}
		out.same += count(p.Same(x, y))
	}
	return out, nil
}

// returns measures by how many images a drift that comes back is known, and how often another is taken for it.
func (b *bench) returns(ctx context.Context) error {
	base, err := b.embedded(ctx, moved{}, 1, returnReference)
	if err != nil {
		return err
	}
	p := &drift.Profile{Summary: *drift.NewSummary(0, b.ov.Embed, 0, 0)}
	for _, e := range base {
		p.Embedding.Add(e)
	}
	var kinds []seenTwice
	for k, m := range movedKinds() {
		s := seenTwice{moved: m}
		for i := range s.times {
			if s.times[i], err = b.embedded(ctx, m, uint64(100+2*k+i), returnScenes); err != nil {
				return err
			}
		}
		kinds = append(kinds, s)
	}
	for _, n := range []int{10, 50, 200} {
		if err := meetings(p, kinds, n); err != nil {
			return err
		}
	}
	return nil
}

// meetings are those of all drifts with each other, by n images each.
func meetings(p *drift.Profile, kinds []seenTwice, n int) error {
	random := source(n, 60)
	var again, stronger, others met
	worst, between := 0.0, ""
	fmt.Printf("%d images each time\n", n)
	for _, a := range kinds {
		for _, b := range kinds {
			draws := returnDraws / 5
			if a.name == b.name {
				draws = returnDraws
			}
			m, err := meet(random, p, a, b, n, draws)
			if err != nil {
				return err
			}
			switch {
			case a.name == b.name:
				again.take(m)
				fmt.Printf("  %-26s %v\n", a.name, m)
			case a.family == b.family:
				stronger.take(m)
			default:
				others.take(m)
				if share := percent(m.same, m.pairs); share > worst {
					worst, between = share, a.name+" and "+b.name
				}
			}
		}
	}
	fmt.Printf("  %-26s %v\n  %-26s %v\n  %-26s %v\n", "all, the same drift", again, "all, of other strength", stronger, "all, another drift", others)
	if between != "" {
		fmt.Printf("  most often taken for the same: %s, %.0f %%\n", between, worst)
	}
	return nil
}
