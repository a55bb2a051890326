package web

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/parquet-go/parquet-go"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/npy"
)

// The forms of an answer, by what Accept asks for. Every answer is JSON; a table is CSV and Parquet too, an array is .npy.
const (
	formJSON    = "application/json"
	formCSV     = "text/csv"
	formParquet = "application/vnd.apache.parquet"
	formNPY     = "application/x-npy"
)

// Array is an array of numbers.
type Array struct {
	// Shape is how many numbers there are along each axis.
	Shape []int `json:"shape"`
	// Values are they, the last axis running fastest.
	Values []float32 `json:"values"`
}

type formKey struct{}

// formed finds the form that a request asks for, for its handler. What huma writes by itself, errors above all, stays JSON.
func formed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		form := formOf(in.Header.Get("Accept"))
		in = in.WithContext(context.WithValue(in.Context(), formKey{}, form))
		in.Header = in.Header.Clone()
		in.Header.Set("Accept", formJSON)
		out.Header().Set("Vary", "Accept")
		next.ServeHTTP(out, in)
	})
}

// formOf is the form that Accept likes best; JSON where it names none.
func formOf(accept string) string {
	best, most := formJSON, 0.0
	for part := range strings.SplitSeq(accept, ",") {
		kind, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		q := 1.0
		if said, ok := parameters["q"]; ok {
			if q, err = strconv.ParseFloat(said, 64); err != nil {
				continue
			}
		}
		if kind == "*/*" || kind == "application/*" {
			kind = formJSON
		}
		if q > most && slices.Contains([]string{formJSON, formCSV, formParquet, formNPY}, kind) {
			best, most = kind, q
		}
	}
	return best
}

// formsOf are the forms of answers of a type, beside JSON.
func formsOf(a any) []string {
	switch a.(type) {
	case *answer.Pairs, *answer.Search, *answer.Nearest, *answer.Classification, *AtlasImages, *StreamWindows:
		return []string{formCSV, formParquet}
	case *answer.Embeddings, *Array:
		return []string{formNPY}
	}
	return nil
}

// responses describes the forms of a type's answers.
func responses(api huma.API, op *huma.Operation, a any) {
	forms := formsOf(a)
	if len(forms) == 0 {
		return
	}
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	content := map[string]*huma.MediaType{formJSON: {Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(a), true, "")}}
	for _, f := range forms {
		content[f] = &huma.MediaType{Schema: binary}
	}
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: content}}
	op.Errors = append(op.Errors, http.StatusNotAcceptable)
}

// inForm is an answer in the form that was asked for.
func inForm[T any](ctx context.Context, a T) (*result[T], error) {
	form, _ := ctx.Value(formKey{}).(string)
	if form == "" || form == formJSON {
		return &result[T]{formJSON, a}, nil
	}
	if !slices.Contains(formsOf(a), form) {
		return nil, huma.NewError(http.StatusNotAcceptable, "this answer has no form "+form+": expected "+strings.Join(append([]string{formJSON}, formsOf(a)...), " or "))
	}
	return &result[T]{form, a}, nil
}

// formats are how huma writes the forms.
func formats() map[string]huma.Format {
	form := func(write func(io.Writer, table) error) huma.Format {
		return huma.Format{Marshal: func(w io.Writer, v any) error {
			t, ok := tableOf(v)
			if !ok {
				return fmt.Errorf("%T is no table", v)
			}
			return write(w, t)
		}}
	}
	return map[string]huma.Format{
		formCSV:     form(func(w io.Writer, t table) error { return writeCSV(w, t.rows) }),
		formParquet: form(func(w io.Writer, t table) error { return t.parquet(w) }),
		formNPY:     {Marshal: writeNPY},
	}
}

// table is a list of rows, which are structs whose fields say by a tag parquet what their columns are called.
type table struct {
	rows    any
	parquet func(io.Writer) error
}

func tableFrom[T any](rows []T) table {
	return table{rows, func(w io.Writer) error { return parquet.Write(w, rows) }}
}

type pairRow struct {
	Neuron          int32   `parquet:"neuron"`
	Head            int32   `parquet:"head"`
	Norm            float64 `parquet:"norm"`
	Mean            float64 `parquet:"mean"`
	Deviation       float64 `parquet:"deviation"`
	Sign            int32   `parquet:"sign"`
	Polysemanticity float64 `parquet:"polysemanticity"`
	Words           string  `parquet:"words"`
	Says            string  `parquet:"says"`
	Fires           string  `parquet:"fires"`
}

type hitRow struct {
	Neuron *int32   `parquet:"neuron,optional"`
	Head   *int32   `parquet:"head,optional"`
	Cosine float64  `parquet:"cosine"`
	Use    *float64 `parquet:"use,optional"`
	Says   string   `parquet:"says"`
	Fires  string   `parquet:"fires"`
}

type textRow struct {
	Text   string  `parquet:"text"`
	Cosine float64 `parquet:"cosine"`
}

type classRow struct {
	Image       string  `parquet:"image"`
	Class       string  `parquet:"class"`
	Logit       float64 `parquet:"logit"`
	Probability float64 `parquet:"probability"`
}

type imageRow struct {
	Image int32  `parquet:"image"`
	Path  string `parquet:"path"`
	Label string `parquet:"label"`
	Group string `parquet:"group"`
	Truth string `parquet:"truth"`
	Time  string `parquet:"time"`
}

// tableOf is an answer as a table.
func tableOf(v any) (t table, ok bool) {
	switch a := v.(type) {
	case *answer.Pairs:
		return tableFrom(pairRows(a)), true
	case *answer.Search:
		rows := make([]hitRow, len(a.Hits))
		for i, h := range a.Hits {
			rows[i] = hitRow{small(h.Neuron), small(h.Head), h.Cosine, h.Use, nameText(h.Says), nameText(h.Fires)}
		}
		return tableFrom(rows), true
	case *answer.Nearest:
		rows := make([]textRow, len(a.Texts))
		for i, m := range a.Texts {
			rows[i] = textRow{m.Text, m.Cosine}
		}
		return tableFrom(rows), true
	case *answer.Classification:
		var rows []classRow
		for _, img := range a.Images {
			for _, c := range img.Classes {
				rows = append(rows, classRow{img.Image, c.Label, c.Logit, c.Probability})
			}
		}
		return tableFrom(rows), true
	case *AtlasImages:
		return tableFrom(imageRows(a)), true
	case *StreamWindows:
		return tableFrom(windowRows(a)), true
	}
	return table{}, false
}

func pairRows(a *answer.Pairs) []pairRow {
	rows := make([]pairRow, len(a.Pairs))
	for i, p := range a.Pairs {
		var words []string
		for _, w := range p.Words {
			words = append(words, w.Text)
		}
		rows[i] = pairRow{int32(p.Neuron), int32(p.Head), p.Norm, p.Mean, p.Deviation, int32(p.Sign), p.Polysemanticity, strings.Join(words, ", "), nameText(p.Says), nameText(p.Fires)}
	}
	return rows
}

func imageRows(a *AtlasImages) []imageRow {
	rows := make([]imageRow, len(a.Images))
	for i, img := range a.Images {
		rows[i] = imageRow{int32(img.Image), img.Path, img.Label, img.Group, img.Truth, ""}
		if img.Time != nil {
			rows[i].Time = img.Time.Format(time.RFC3339Nano)
		}
	}
	return rows
}

// small is a number that fits a column, nil where there is none.
func small(n *int) *int32 {
	if n == nil {
		return nil
	}
	v := int32(*n)
	return &v
}

// nameText is a name as one text; empty where a pair has none.
func nameText(n *answer.Name) string {
	if n == nil || !n.Named {
		return ""
	}
	var words []string
	for _, w := range n.Label {
		words = append(words, w.Text)
	}
	return strings.Join(words, ", ")
}

// writeCSV writes rows under the names of their columns.
func writeCSV(w io.Writer, rows any) error {
	out, list := csv.NewWriter(w), reflect.ValueOf(rows)
	of := list.Type().Elem()
	line := make([]string, of.NumField())
	for c := range line {
		line[c], _, _ = strings.Cut(of.Field(c).Tag.Get("parquet"), ",")
	}
	out.Write(line) // its errors are told at the end
	for r := range list.Len() {
		for c := range line {
			line[c] = cell(list.Index(r).Field(c))
		}
		out.Write(line)
	}
	out.Flush()
	return out.Error()
}

// cell is a value of a table as text; nothing where there is none.
func cell(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	return fmt.Sprint(v.Interface())
}

// writeNPY writes an array as numpy.load reads it: embeddings [N,D], or an [Array].
func writeNPY(w io.Writer, v any) error {
	switch a := v.(type) {
	case *Array:
		return npy.Write(w, a.Values, a.Shape...)
	case *answer.Embeddings:
		if len(a.Embeddings) == 0 {
			break
		}
		return npy.Write(w, slices.Concat(a.Embeddings...), len(a.Embeddings), len(a.Embeddings[0]))
	}
	return fmt.Errorf("%T is no array", v)
}
