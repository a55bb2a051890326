package dataset

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/facet-clip/facet/textfile"
)

func readCSV(t table, use func(row) error) error { return csvRows(t.Reader, []string{"path"}, use) }

func readJSONL(t table, use func(row) error) error { return jsonRows(t.Reader, use) }

// csvRows reads a table with a header, which must have some columns. A row of another length is an error that names its line.
func csvRows(in io.Reader, required []string, use func(row) error) error {
	limited := &rowLimit{r: textfile.NewReader(in)}
	c := csv.NewReader(limited)
	c.ReuseRecord, c.FieldsPerRecord = true, -1
	record, err := c.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the file is empty: expected a header with %s", columnsOf(required))
	}
	if err != nil {
		return err
	}
	names, err := header(record, required)
	if err != nil {
		return err
	}
	for {
		limited.since = 0
		record, err := c.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := c.FieldPos(0)
		if len(record) != len(names) {
			return fmt.Errorf("line %d: %d values, expected %d as in the header", line, len(record), len(names))
		}
		r := row{place: fmt.Sprintf("line %d", line), values: map[string]string{}}
		for i, v := range record {
			r.values[names[i]] = v
		}
		if err := use(r); err != nil {
			return err
		}
	}
}

// header checks the names of the columns.
func header(record, required []string) ([]string, error) {
	names := slices.Clone(record)
	if slices.ContainsFunc(required, func(c string) bool { return !slices.Contains(names, c) }) {
		return nil, fmt.Errorf("the header is %.200q: expected %s, with commas between the columns", names, columnsOf(required))
	}
	for i, name := range names {
		if (isColumn(name) || slices.Contains(required, name)) && slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("the header has the column %s twice", name)
		}
	}
	return names, nil
}

// columnsOf says what columns are: "a column path", "the columns y, split".
func columnsOf(required []string) string {
	if len(required) == 1 {
		return "a column " + required[0]
	}
	return "the columns " + strings.Join(required, ", ")
}

// maxRow is the most bytes that a row may have, lines within quotes included, and what is read ahead of it.
const maxRow = 4 << 20

// rowLimit ends a table whose row never ends, such as one with a quote that nobody closed.
type rowLimit struct {
	r     io.Reader
	since int // bytes read since the last row
}

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.since > maxRow {
		return 0, fmt.Errorf("a row of more than %d bytes: is a quote not closed?", maxRow)
	}
	n, err := l.r.Read(p)
	l.since += n
	return n, err
}

// jsonRows reads an object a line.
func jsonRows(in io.Reader, use func(row) error) error {
	for line, err := range textfile.Lines(in) {
		if err != nil {
			return err
		}
		if strings.TrimSpace(line.Text) == "" {
			continue
		}
		r, err := jsonRow(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", line.Number, err)
		}
		if err := use(r); err != nil {
			return err
		}
	}
	return nil
}

func jsonRow(line textfile.Line) (row, error) {
	data := []byte(line.Text)
	if !json.Valid(data) {
		return row{}, json.Unmarshal(data, new(any)) // which says what is wrong with it
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil || object == nil {
		return row{}, fmt.Errorf("expected an object such as {\"path\": \"a.png\"} on each line, found %s", jsonKind(data))
	}
	r := row{place: fmt.Sprintf("line %d", line.Number), values: map[string]string{}}
	for key, v := range object {
		text, err := plain(v)
		if err != nil && isColumn(key) {
			return row{}, fmt.Errorf("%s: %w", key, err)
		}
		r.values[key] = text
	}
	return r, nil
}

// plain is a JSON value as text; numbers stay as they are written.
func plain(v json.RawMessage) (string, error) {
	switch kind := jsonKind(v); kind {
	case "null", "nothing":
		return "", nil
	case "a text":
		var text string
		err := json.Unmarshal(v, &text)
		return text, err
	case "true", "false":
		return kind, nil
	case "a number":
		return strings.TrimSpace(string(v)), nil
	default:
		return "", fmt.Errorf("expected a text, a number, true or false, found %s", kind)
	}
}

// jsonKind says in words what a valid JSON value is.
func jsonKind(v []byte) string {
	text := strings.TrimSpace(string(v))
	switch {
	case text == "":
		return "nothing"
	case text[0] == '{':
		return "an object"
	case text[0] == '[':
		return "a list"
	case text[0] == '"':
		return "a text"
	case text[0] == '-' || text[0] >= '0' && text[0] <= '9':
		return "a number"
	}
	return text
}
