// Command names measures what facet calls changes of pictures whose truth is known: changes that a word or a quality of pictures fits, and changes
// that none fits and that should stay unnamed: bench/names.sh.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/ort"
)

func main() {
	seeds := flag.Int("seeds", 10, "runs")
	seed := flag.Uint64("seed", 1, "of the scenes")
	varied := flag.Int("varied", 100, "pictures of a profile that are varied")
	cache := flag.String("cache", "", "a file that keeps what was encoded")
	flag.Parse()
	if err := run(context.Background(), *seeds, *varied, *seed, *cache); err != nil {
		log.Fatal(err)
	}
}

// bench is what all runs share.
type bench struct {
	model *clip.Model
	ov    *decompose.OV
	words *concept.Dictionary
}

func run(ctx context.Context, seeds, varied int, seed uint64, cache string) error {
	b, err := setUp(ctx)
	if err != nil {
		return err
	}
	p, err := b.load(ctx, seed, cache)
	if err != nil {
		return err
	}
	return b.table(ctx, p, seeds, varied)
}

func setUp(ctx context.Context) (*bench, error) {
	ck, err := demo.Checkpoint()
	if err != nil {
		return nil, err
	}
	var e engine.Engine
	if e, err = ort.New(ort.Options{}); err != nil {
		return nil, err
	}
	b := &bench{}
	if b.model, err = clip.New(ck, e, clip.QuickGELU); err != nil {
		return nil, err
	}
	if b.ov, err = b.model.Decomposition(); err != nil {
		return nil, err
	}
	concepts, err := demo.NewConcepts(ctx, b.model)
	if err != nil {
		return nil, err
	}
	bank, err := concepts.All()
	if err != nil {
		return nil, err
	}
	b.words, err = concept.NewDictionary(bank, concept.UnitRows)
	return b, err
}
