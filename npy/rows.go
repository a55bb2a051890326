package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Rows writes a float32 array [N,…] row by row, of which N is known only at the end.
type Rows struct {
	to    io.WriteSeeker
	out   *bufio.Writer
	shape []int // of a row
	width int   // numbers in a row
	count int
}

// NewRows begins an array of rows of the given shape at the beginning of a file.
func NewRows(to io.WriteSeeker, shape ...int) (*Rows, error) {
	r := &Rows{to: to, out: bufio.NewWriterSize(to, 1<<16), shape: shape, width: 1}
	for _, n := range shape {
		r.width *= n
	}
	writeHeader(r.out, "<f4", append([]int{0}, shape...)) // whose padding leaves room for any number of rows
	return r, r.out.Flush()
}

// Add writes whole rows.
func (r *Rows) Add(data []float32) error {
	if r.width < 1 || len(data)%r.width != 0 {
		return fmt.Errorf("npy: %d numbers are no rows of %d", len(data), r.width)
	}
	var b [4]byte
	for _, v := range data {
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
		if _, err := r.out.Write(b[:]); err != nil {
			return err
		}
	}
	r.count += len(data) / r.width
	return nil
}

// Finish writes what is left, and the number of rows into the header.
func (r *Rows) Finish() error {
	if err := r.out.Flush(); err != nil {
		return err
	}
	if _, err := r.to.Seek(0, io.SeekStart); err != nil {
		return err
	}
	writeHeader(r.out, "<f4", append([]int{r.count}, r.shape...))
	return r.out.Flush()
}
