// Command demopairs writes the table of pairs that is part of the demo model, from an atlas of its scenes: scripts/demo_pairs.sh.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/demo"
	"github.com/facet-clip/facet/internal/atomicfile"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: demopairs ATLAS FILE.csv.gz")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "demopairs:", err)
		os.Exit(1)
	}
}

func write(dir, file string) error {
	a, err := atlas.Open(dir)
	if err != nil {
		return err
	}
	return atomicfile.Write(file, func(w io.Writer) error { return demo.WritePairs(w, a) })
}
