// Command clidoc writes what is made from facet's command line: the page docs/reference/cli.md, the man pages, and what completes verbs and flags in
// a shell. Releases carry the man pages and the completions.
//
//	go run ./internal/clidoc                                  docs/reference/cli.md
//	go run ./internal/clidoc -man out/man -completions out/completions
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/cli"
	"github.com/facet-clip/facet/internal/verbs"
)

//go:generate go run . -page ../../docs/reference/cli.md

func main() {
	page := flag.String("page", filepath.Join("docs", "reference", "cli.md"), "the `FILE` of the page of all verbs; not written where a folder is asked for")
	man := flag.String("man", "", "the `FOLDER` of the man pages")
	completions := flag.String("completions", "", "the `FOLDER` of the completions of bash, zsh, fish and PowerShell")
	flag.Parse()
	if err := write(*page, *man, *completions); err != nil {
		fmt.Fprintln(os.Stderr, "clidoc:", err)
		os.Exit(1)
	}
}

func write(page, man, completions string) error {
	if man == "" && completions == "" {
		return writeFiles(filepath.Dir(page), map[string][]byte{filepath.Base(page): verbs.Document(cli.Command(io.Discard))})
	}
	if man != "" {
		date, err := released(os.Getenv("SOURCE_DATE_EPOCH"))
		if err != nil {
			return err
		}
		pages, err := Man(cli.Command(io.Discard), date)
		if err != nil {
			return err
		}
		if err := writeFiles(man, pages); err != nil {
			return err
		}
	}
	if completions == "" {
		return nil
	}
	scripts, err := Completions(cli.Command(io.Discard))
	if err != nil {
		return err
	}
	return writeFiles(completions, scripts)
}

// released is the date in the man pages: that of the commit, so that the same source gives the same pages; today where nobody says it.
func released(epoch string) (time.Time, error) {
	if epoch == "" {
		return time.Now().UTC(), nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q: expected seconds since 1970", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func writeFiles(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, data := range files {
		err := atomicfile.Write(filepath.Join(folder, name), func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(data))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
