package verbs

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const documentHead = `# The command line

This page answers: which verbs and flags does facet have? It holds what ` + "`facet VERB --help`" + ` prints, verb by verb.
[Flags of several verbs](flags.md) mean the same everywhere. [What is printed as JSON](json.md) has a page of its own.

This page is generated: run ` + "`go generate ./internal/clidoc`" + ` after a change.
`

// Shown are the verbs that help shows, each before those below it; without help itself.
func Shown(root *cobra.Command) (list []*cobra.Command) {
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			list = append(append(list, c), Shown(c)...)
		}
	}
	return list
}

// Document is the help of every verb as one page of Markdown.
func Document(root *cobra.Command) []byte {
	var b bytes.Buffer
	b.WriteString(documentHead)
	for _, c := range append([]*cobra.Command{root}, Shown(root)...) {
		var help bytes.Buffer
		Page{&help, width}.Write(c)
		fmt.Fprintf(&b, "\n## %s\n\n```text\n%s\n```\n", c.CommandPath(), strings.TrimSpace(help.String()))
	}
	return b.Bytes()
}
