package lab_test

import (
	"context"
	"fmt"
	"log"

	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/lab/labtest"
)

// Load a model, explain a picture, read an atlas. scenesAtlas is the folder of one, as facet scan leaves it.
func Example() {
	ctx := context.Background()
	l, err := lab.Open(ctx, lab.Config{Model: "demo"})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	e, err := l.Explain(ctx, lab.Explain{Picture: "../docs/images/scene.png", Text: "a yellow car"})
	if err != nil {
		log.Fatal(err)
	}
	used, err := l.Pairs(ctx, lab.Pairs{Atlas: labtest.ScenesAtlas()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("logit %.1f; strongest: like a %s; most used: %s\n", e.Answer.Total, e.Answer.Pairs[0].Words[0].Text, used.Pairs[0].Words[0].Text)
	// Output: logit 16.2; strongest: like a van; most used: yellow
}

// What made the logit of a text: the strongest pair, the words nearest to what it adds, and its part of the logit.
func ExampleLab_Explain() {
	ctx := context.Background()
	l, err := lab.Open(ctx, lab.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	for _, text := range []string{"a snail", "a yellow car"} {
		e, err := l.Explain(ctx, lab.Explain{Picture: "../docs/images/scene.png", Text: text})
		if err != nil {
			log.Fatal(err)
		}
		p := e.Answer.Pairs[0]
		fmt.Printf("%s, logit %.1f: pair (%d,%d) adds %.2f, like %q\n", text, e.Answer.Total, p.Neuron, p.Head, p.Amount, p.Words[0].Text)
	}
	// Output:
	// a snail, logit 16.2: pair (754,2) adds 0.25, like "snail"
	// a yellow car, logit 16.2: pair (64,3) adds 0.26, like "van"
}
