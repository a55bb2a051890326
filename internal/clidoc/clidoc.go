package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/facet-clip/facet/internal/verbs"
)

// Man are the man pages by file name, facet.1 and one for each verb.
func Man(root *cobra.Command, date time.Time) (map[string][]byte, error) {
	pages := map[string][]byte{}
	for _, c := range append([]*cobra.Command{root}, verbs.Shown(root)...) {
		c.DisableAutoGenTag = true
		name := strings.ReplaceAll(c.CommandPath(), " ", "-")
		header := doc.GenManHeader{Title: strings.ToUpper(name), Section: "1", Date: &date, Source: "facet", Manual: "facet"}
		var b bytes.Buffer
		if err := doc.GenMan(c, &header, &b); err != nil {
			return nil, fmt.Errorf("%s: %w", c.CommandPath(), err)
		}
		pages[name+".1"] = b.Bytes()
	}
	return pages, nil
}

// Completions are the scripts by file name, as each shell's packages name them.
func Completions(root *cobra.Command) (map[string][]byte, error) {
	scripts := map[string][]byte{}
	for name, generate := range map[string]func(io.Writer) error{
		"facet.bash": func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"_facet":     root.GenZshCompletion,
		"facet.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"facet.ps1":  root.GenPowerShellCompletionWithDesc,
	} {
		var b bytes.Buffer
		if err := generate(&b); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		scripts[name] = b.Bytes()
	}
	return scripts, nil
}
