// Command jsondoc writes docs/json.md: what answer/json.md says, and then a table of the fields of every answer, from the docs of package
// answer. It is run by go generate ./answer.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/internal/atomicfile"
)

func main() {
	root := flag.String("root", ".", "the repository's `FOLDER`")
	flag.Parse()
	if err := writePage(*root); err != nil {
		fmt.Fprintln(os.Stderr, "jsondoc:", err)
		os.Exit(1)
	}
}

func writePage(root string) error {
	page, err := Page(root)
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(root, "docs", "json.md"), func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(page))
		return err
	})
}
