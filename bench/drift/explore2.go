package main

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"

	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
)

func (b *bench) mean(p *pool, idx []int) []float32 {
	out := make([]float32, b.ov.Embed)
	for _, i := range idx {
		for k, v := range p.images[i].Embedding {
			out[k] += v / float32(len(idx))
		}
	}
	return out
}

func minus(a, b []float32) []float32 {
	out := make([]float32, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

func grain(img *image.NRGBA, sd float64, shot float64) *image.NRGBA {
	out := image.NewNRGBA(img.Rect)
	r := rand.New(rand.NewPCG(uint64(img.Pix[1000])<<20+uint64(img.Pix[5000])<<10+uint64(img.Pix[9000]), 5))
	for i, v := range img.Pix {
		if i%4 == 3 {
			out.Pix[i] = 255
			continue
		}
		x := float64(v) + sd*r.NormFloat64()
		out.Pix[i] = uint8(min(255, max(0, x)))
	}
	return out
}

func (b *bench) explore2(ctx context.Context) error {
	ref, err := b.pool("days-reference")
	if err != nil {
		return err
	}
	st, err := b.pool("days-stream")
	if err != nil {
		return err
	}
	fmt.Println("image size", b.model.Config.Image)
	calm := b.mean(st, st.strata["0"])
	truths := map[string][]float32{}
	for _, d := range []string{"2024-06-06", "2024-06-07", "2024-06-08", "2024-06-09", "2024-06-10"} {
		truths[d] = minus(b.mean(st, st.strata[d]), calm)
		fmt.Printf("%s length %.2f, cos with strongest ", d, norm(truths[d]))
	}
	for d, t := range truths {
		fmt.Printf("\n%s %.3f", d, cos(t, truths["2024-06-10"]))
	}
	fmt.Printf("\ncalm ref vs stream length %.2f\n", norm(minus(b.mean(ref, ref.strata["0"]), calm)))
	type cand struct {
		name string
		f    func(img *image.NRGBA) *image.RGBA
	}
	S := b.model.Config.Image
	var cands []cand
	for _, sd := range []float64{8, 16, 24, 36} {
		cands = append(cands, cand{fmt.Sprint("native ", sd), func(img *image.NRGBA) *image.RGBA { return preprocess.Crop(grain(img, sd, 0), S) }})
	}
	for _, sd := range []float64{5, 8, 12, 18, 24} {
		cands = append(cands, cand{fmt.Sprint("model ", sd), func(img *image.NRGBA) *image.RGBA {
			c := preprocess.Crop(img, S)
			n := grain(&image.NRGBA{Pix: c.Pix, Stride: c.Stride, Rect: c.Rect}, sd, 0)
			return &image.RGBA{Pix: n.Pix, Stride: n.Stride, Rect: n.Rect}
		}})
	}
	idx, _ := ref.deal(source(0, 5), mix{"0": 1}, 150)
	for _, c := range cands {
		var sum = make([]float32, b.ov.Embed)
		for _, i := range idx {
			img, err := dataset.Picture(ref.images[i].Path, 1<<30)
			if err != nil {
				return err
			}
			e, err := b.encode(ctx, []*image.RGBA{preprocess.Crop(img, S), c.f(img)})
			if err != nil {
				return err
			}
			for k := range sum {
				sum[k] += (e[b.ov.Embed+k] - e[k]) / float32(len(idx))
			}
		}
		fmt.Printf("%-12s length %.2f cos with", c.name, norm(sum))
		for _, d := range []string{"2024-06-06", "2024-06-07", "2024-06-08", "2024-06-09", "2024-06-10"} {
			fmt.Printf(" %.3f", cos(sum, truths[d]))
		}
		fmt.Println()
	}
	return nil
}
