// Command facet shows what a CLIP-ResNet knows: it splits image embeddings exactly into contributions of
// neurons passing through attention heads, and names them.
package main

import (
	"os"

	"github.com/facet-clip/facet/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
