// Command jsondoc writes docs/reference/json.md: what answer/json.md says, and then a table of the fields of every answer, from the docs of package
// answer; and web/fields.json, by which the API describes them. It is run by go generate ./answer.
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
	fields, err := Fields(root)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{filepath.Join("docs", "reference", "json.md"): page, filepath.Join(served, "fields.json"): fields} {
		err := atomicfile.Write(filepath.Join(root, name), func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(data))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
