package atlas

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// table is a Parquet file in memory.
type table struct {
	name string
	data []byte
	file *parquet.File
}

// chunk is the metadata of a column in a row group, and its bytes: pages with their headers.
func (t table) chunk(group, k int) (*format.ColumnMetaData, []byte, error) {
	m := &t.file.Metadata().RowGroups[group].Columns[k].MetaData
	from, size := m.DataPageOffset, m.TotalCompressedSize
	if d := m.DictionaryPageOffset; d > 0 && d < from {
		from = d
	}
	if from < 0 || size < 0 || size > int64(len(t.data)) || from > int64(len(t.data))-size {
		return nil, nil, fmt.Errorf("column %d: bytes %d to %d of %d", k, from, from+size, len(t.data))
	}
	return m, t.data[from : from+size], nil
}

// same tells whether columns of two tables have the same bytes, so that what holds for the numbers of one holds for the other's.
func (t table) same(other table, columns ...int) bool {
	a, b := t.file.Metadata().RowGroups, other.file.Metadata().RowGroups
	if len(a) != len(b) {
		return false
	}
	for group := range a {
		for _, k := range columns {
			m, x, err := t.chunk(group, k)
			n, y, e := other.chunk(group, k)
			if err != nil || e != nil || m.Codec != n.Codec || m.NumValues != n.NumValues || a[group].NumRows != b[group].NumRows || !bytes.Equal(x, y) {
				return false
			}
		}
	}
	return true
}

// plain is a column of numbers of so many bytes, little-endian. Where they stand in a file as they are, they are used there.
type plain struct {
	width, each int
	pages       [][]byte
	ends        []int // how many numbers there are up to the end of each page
}

// plain gives column k of n numbers. What facet writes is used where it lies; what is compressed or in a dictionary is decoded by the library.
func (t table) plain(k, width, n int) (plain, error) {
	p := plain{width: width}
	for group := range t.file.Metadata().RowGroups {
		if err := p.lying(t, group, k); err != nil {
			if p, err = t.decoded(k, width, n); err != nil {
				return p, err
			}
			break
		}
	}
	if p.len() != n {
		return p, fmt.Errorf("%d of %d rows in column %d", p.len(), n, k)
	}
	p.each = max(1, p.ends[0])
	return p, nil
}

var errNotPlain = errors.New("the numbers do not lie there as they are")

// lying takes up a column chunk whose pages are plain.
func (p *plain) lying(t table, group, k int) error {
	m, data, err := t.chunk(group, k)
	if err != nil {
		return err
	}
	if m.Codec != format.Uncompressed || m.DictionaryPageOffset != 0 {
		return errNotPlain
	}
	for len(data) > 0 {
		var h format.PageHeader
		r := new(thrift.CompactProtocol).NewReaderFromBytes(data)
		if err := thrift.NewDecoder(r).Decode(&h); err != nil {
			return err
		}
		n := -1
		switch {
		case h.Type == format.DataPage && h.DataPageHeader.Valid && h.DataPageHeader.V.Encoding == format.Plain:
			n = int(h.DataPageHeader.V.NumValues)
		case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid && h.DataPageHeaderV2.V.Encoding == format.Plain:
			n = int(h.DataPageHeaderV2.V.NumValues)
		}
		at, size := r.BytesRead(), int(h.CompressedPageSize)
		if n < 0 || size != n*p.width || at < 0 || at > len(data)-size {
			return errNotPlain
		}
		p.add(data[at : at+size])
		data = data[at+size:]
	}
	return nil
}

func (p *plain) add(page []byte) {
	p.pages, p.ends = append(p.pages, page), append(p.ends, p.len()+len(page)/p.width)
}

func (p *plain) len() int {
	if len(p.ends) == 0 {
		return 0
	}
	return p.ends[len(p.ends)-1]
}

// decoded is a column as the library reads it.
func (t table) decoded(k, width, n int) (plain, error) {
	var all []byte
	row := 0
	for _, group := range t.file.RowGroups() {
		var err error
		row, err = readChunk(group.ColumnChunks()[k], row, n, func(_ int, page parquet.Page) (int, error) {
			if page.Dictionary() != nil {
				return 0, errors.New("a dictionary of numbers, expected the numbers")
			}
			data := page.Data()
			b, _ := data.Data() // in the machine's order, which is little-endian wherever facet is built
			all = append(all, b...)
			return len(b) / width, nil
		})
		if err != nil {
			return plain{}, err
		}
	}
	p := plain{width: width}
	p.add(all)
	return p, nil
}

// run are the bytes of n numbers from one on: where they lie, or put together in spare where they lie in two pages.
func (p *plain) run(from, n int, spare []byte) []byte {
	k := min(from/p.each, len(p.ends)-1) // where it is if all pages are as large
	for p.ends[k] <= from {
		k++
	}
	for k > 0 && p.ends[k-1] > from {
		k--
	}
	at := (from - p.ends[k]) * p.width
	page := p.pages[k]
	if at += len(page); at+n*p.width <= len(page) {
		return page[at : at+n*p.width]
	}
	spare = append(spare[:0], page[at:]...)
	for len(spare) < n*p.width {
		k++
		spare = append(spare, p.pages[k][:min(len(p.pages[k]), n*p.width-len(spare))]...)
	}
	return spare
}

// all calls use with every number, in order, until one is refused.
func (p *plain) all(use func(row int, number []byte) error) error {
	row := 0
	for _, page := range p.pages {
		for ; len(page) > 0; page = page[p.width:] {
			if err := use(row, page[:p.width]); err != nil {
				return err
			}
			row++
		}
	}
	return nil
}
