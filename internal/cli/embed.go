package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/npy"
)

// embedOptions are the flags of facet embed.
type embedOptions struct {
	input
	texts, output string
	truncate      bool
}

// embedResult is what facet embed --json prints.
type embedResult struct {
	Model      modelRecord      `json:"model"`
	Inputs     []string         `json:"inputs"`
	File       string           `json:"file,omitempty"`       // with -o
	Names      string           `json:"names,omitempty"`      // the file with a name for each row, with -o
	Embeddings [][]float32      `json:"embeddings,omitempty"` // without -o
	Skipped    []skippedPicture `json:"skipped,omitempty"`
}

func (a *app) embedCommand() *cobra.Command {
	var o embedOptions
	cmd := &cobra.Command{
		Use:   "embed [SOURCE…] (-o FILE.npy | --json)",
		Short: "Embed pictures or texts",
		Long: `Embeds pictures or texts into the joint space: float32 [N,D], not normalised. ` + sourceHelp + `

Beside FILE.npy, FILE.names.txt says what each row is of, a line a row in the same order. Pictures of a dataset that cannot be read are
left out and listed; a picture that you name must be readable. Ctrl-C ends a run and leaves no file.`,
		Example: `  facet embed --model RN50 a.jpg b.png -o images.npy
  facet embed --model RN50 photos/ 'shards-{000..009}.tar' -o images.npy
  facet embed --model RN50 --texts words.txt -o words.npy                     one text a line`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			return a.embed(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.flags(f)
	f.StringVar(&o.texts, "texts", "", "embed the lines of a text `FILE`, each as it is, empty ones too")
	f.BoolVar(&o.truncate, "truncate", false, "cut texts that are too long instead of refusing them")
	f.StringVarP(&o.output, "output", "o", "", "write float32 [N,D] to `FILE.npy`, and the names of its rows beside it")
	return cmd
}

// sourceHelp says what verbs that look at pictures take.
const sourceHelp = `A SOURCE is a picture, a folder of pictures, a
manifest (.csv, .jsonl, .parquet), tar shards, or scenes:default?n=100.`

func (o embedOptions) check(a *app) error {
	given := 0
	for _, g := range []bool{len(o.paths) > 0, o.texts != "", o.pixels != ""} {
		if g {
			given++
		}
	}
	switch {
	case given == 0:
		return usagef("expected pictures or datasets, --texts FILE or --pixels FILE.npy")
	case given > 1:
		return usagef("expected only one of pictures or datasets, --texts FILE and --pixels FILE.npy")
	case o.output == "" && !a.json:
		return usagef("expected -o FILE.npy or --json")
	}
	return nil
}

func (a *app) embed(ctx context.Context, o embedOptions) (err error) {
	if err := o.check(a); err != nil {
		return err
	}
	m, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	rows, err := newEmbeddings(o.output, m.Config.Embed)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.discard()) }()
	result := embedResult{File: o.output, Names: rows.names()}
	if o.texts != "" {
		err = m.embedTexts(ctx, o, rows)
	} else {
		result.Skipped, err = m.embedImages(ctx, o.input, rows)
	}
	if err != nil {
		return err
	}
	if err := rows.finish(); err != nil {
		return err
	}
	if !a.json {
		return nil
	}
	if result.Model, err = m.record(ctx); err != nil {
		return err
	}
	result.Inputs, result.Embeddings = rows.inputs, rows.kept
	return encodeJSON(a.stdout, result)
}

func (m *model) embedTexts(ctx context.Context, o embedOptions, rows *embeddings) error {
	texts, err := readText(ctx, o.texts, concept.ReadTexts)
	if err != nil {
		return err
	}
	data, err := m.encodeTexts(ctx, texts, o.truncate)
	if err != nil {
		return err
	}
	return rows.add(texts, data)
}

func (m *model) embedImages(ctx context.Context, in input, rows *embeddings) ([]skippedPicture, error) {
	return m.batches(ctx, in, func(b batch) error {
		out, err := m.EncodeImages(ctx, b.pixels, clip.Embedding)
		if err != nil {
			return err
		}
		return rows.add(b.names, out[clip.Embedding].Floats)
	})
}

// embeddings are rows on their way into a file, or without one into memory.
type embeddings struct {
	path   string
	file   *atomicfile.File // nil without a path
	rows   *npy.Rows
	inputs []string // what each row is of
	kept   [][]float32
	width  int
}

func newEmbeddings(path string, width int) (e *embeddings, err error) {
	e = &embeddings{path: path, width: width}
	if path == "" {
		return e, nil
	}
	if e.file, err = atomicfile.Create(path); err != nil {
		return nil, err
	}
	if e.rows, err = npy.NewRows(e.file, width); err != nil {
		return nil, errors.Join(fmt.Errorf("writing %s: %w", path, err), e.discard())
	}
	return e, nil
}

// names is the file with the name of each row, empty without a file.
func (e *embeddings) names() string {
	if e.path == "" {
		return ""
	}
	return strings.TrimSuffix(e.path, ".npy") + ".names.txt"
}

func (e *embeddings) add(names []string, data []float32) error {
	e.inputs = append(e.inputs, names...)
	if e.file == nil {
		for i := range names {
			e.kept = append(e.kept, data[i*e.width:(i+1)*e.width])
		}
		return nil
	}
	if err := e.rows.Add(data); err != nil {
		return fmt.Errorf("writing %s: %w", e.path, err)
	}
	return nil
}

// finish gives the files their names: the rows last, so that where they are, their names are too.
func (e *embeddings) finish() error {
	if e.file == nil {
		return nil
	}
	if err := e.rows.Finish(); err != nil {
		return fmt.Errorf("writing %s: %w", e.path, err)
	}
	if err := atomicfile.Write(e.names(), func(w io.Writer) error { return writeNames(w, e.inputs) }); err != nil {
		return err
	}
	return e.file.Commit()
}

// discard removes what is not finished.
func (e *embeddings) discard() error {
	if e.file == nil {
		return nil
	}
	return e.file.Discard()
}

// writeNames writes a name a line. One that holds a line end, or begins as a JSON string does, is written as a JSON string.
func writeNames(w io.Writer, names []string) error {
	out := bufio.NewWriter(w)
	for _, name := range names {
		if strings.ContainsAny(name, "\n\r") || strings.HasPrefix(name, `"`) {
			quoted, err := json.Marshal(name)
			if err != nil {
				return err
			}
			name = string(quoted)
		}
		out.WriteString(name + "\n")
	}
	return out.Flush() // bufio keeps the first error
}
