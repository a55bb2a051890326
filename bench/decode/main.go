// Command decode decodes the pictures whose paths it reads, a path a line: bench/decode.py holds its pixels against Pillow's. For each it
// writes width and height (uint32, little-endian) and RGB; of one that cannot be read 0, the length of the error, and the error. With
// -times N it decodes each N times instead and prints the fastest time in milliseconds.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"os"
	"time"

	"github.com/facet-clip/facet/dataset"
)

func main() {
	times := flag.Int("times", 0, "decode each so often and print the fastest time")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	d := dataset.NewDecoder(0)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if *times > 0 {
			fmt.Fprintf(out, "%.3f\n", fastest(d, lines.Text(), *times))
			continue
		}
		if err := d.File(context.Background(), lines.Text(), func(img *image.NRGBA) error { return write(out, img) }); err != nil {
			binary.Write(out, binary.LittleEndian, [2]uint32{0, uint32(len(err.Error()))})
			out.WriteString(err.Error())
		}
	}
}

func write(out *bufio.Writer, img *image.NRGBA) error {
	binary.Write(out, binary.LittleEndian, [2]uint32{uint32(img.Rect.Dx()), uint32(img.Rect.Dy())})
	for i := 0; i < len(img.Pix); i += 4 {
		out.Write(img.Pix[i : i+3])
	}
	return nil
}

// fastest of n times, in milliseconds.
func fastest(d *dataset.Decoder, path string, n int) float64 {
	best := time.Hour
	for range n {
		started := time.Now()
		if err := d.File(context.Background(), path, func(*image.NRGBA) error { return nil }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		best = min(best, time.Since(started))
	}
	return best.Seconds() * 1000
}
