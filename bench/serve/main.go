// Command serve asks a running facet serve every question that it answers to GET, 50 at once, and prints how long the answers took: bench/serve.sh.
//
//	go run ./bench/serve make -vocab VOCABULARY -pictures SCENES DIR      writes an RN50 that has learnt nothing, and an atlas of its size
//	go run ./bench/serve ask -facet FACET -model MODEL -atlas ATLAS       starts facet serve and asks
//
// Every route is asked twice: the same question again and again, which is answered from memory, and a new question each time.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) < 2 {
		log.Fatal("serve: expected make or ask")
	}
	var err error
	switch args := os.Args[2:]; os.Args[1] {
	case "make":
		f := flag.NewFlagSet("make", flag.ExitOnError)
		vocabulary := f.String("vocab", "", "CLIP's vocabulary")
		pictures := f.String("pictures", "", "a folder of .png, for an atlas")
		images := f.Int("images", 10000, "pictures of the atlas")
		f.Parse(args)
		if err = makeModel(f.Arg(0), *vocabulary); err == nil && *pictures != "" {
			err = makeAtlas(ctx, filepath.Join(f.Arg(0), modelFile), *pictures, filepath.Join(f.Arg(0), "drawn.atlas"), *images)
		}
	case "ask":
		err = ask(ctx, args)
	default:
		log.Fatal("serve: expected make or ask")
	}
	if err != nil {
		log.Fatal("serve: ", err)
	}
}
