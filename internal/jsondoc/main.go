// Command jsondoc writes docs/reference/json.md: what answer/json.md says, and then a table of the fields of every answer, from the docs of package
// answer; web/fields.json, by which the API describes them; and the classes of the Python client. It is run by go generate ./answer.
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

// pythonFile is the module of the Python client that is generated.
const pythonFile = "python/src/facet/answers.py"

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
	classes, err := Python(root)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"docs/reference/json.md": page, served + "/fields.json": fields, pythonFile: classes} {
		err := atomicfile.Write(filepath.Join(root, filepath.FromSlash(name)), func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(data))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
