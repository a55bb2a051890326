package atlas

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// pageReader takes a page of a column, which begins with some row, and says how many rows it had.
type pageReader func(row int, page parquet.Page) (int, error)

// readChunk reads the pages of a column chunk, and gives the row after it.
func readChunk(chunk parquet.ColumnChunk, row, most int, read pageReader) (_ int, err error) {
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return row, nil
		}
		if err != nil {
			return row, err
		}
		if page.NumValues() > int64(most-row) {
			return row, fmt.Errorf("more rows than the %d expected", most)
		}
		n, err := read(row, page)
		parquet.Release(page)
		if err != nil {
			return row, err
		}
		row += n
	}
}

// int32s are the numbers of a page, with a dictionary or without.
func int32s(page parquet.Page) ([]int32, error) {
	data := page.Data()
	numbers := data.Int32()
	d := page.Dictionary()
	if d == nil {
		return numbers, nil
	}
	words := make([]int32, d.Len())
	for k := range words {
		words[k] = d.Index(int32(k)).Int32()
	}
	out := make([]int32, len(numbers))
	for i, k := range numbers {
		out[i] = words[k]
	}
	return out, nil
}

// booleans are the values of a page: 0 for true, 1 for false.
func booleans(page parquet.Page) ([]int32, error) {
	r, ok := page.Values().(parquet.BooleanReader)
	if !ok {
		return nil, fmt.Errorf("values of type %v, expected booleans", page.Type())
	}
	values := make([]bool, page.NumValues())
	n, err := r.ReadBooleans(values)
	if errors.Is(err, io.EOF) && n == len(values) {
		err = nil
	}
	out := make([]int32, n)
	for i, v := range values[:n] {
		if !v {
			out[i] = 1
		}
	}
	return out, err
}
