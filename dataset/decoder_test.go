package dataset

import (
	"context"
	"errors"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestBudget: pictures that are decoded at once have together no more pixels than the largest that is allowed.
func TestBudget(t *testing.T) {
	data := encoded(t, "bmp") // 3×2, which are decoded without anything beside them
	const most = 20
	d := NewDecoder(most)
	var inUse, peak, uses atomic.Int64
	var group sync.WaitGroup
	for range 60 {
		group.Go(func() {
			err := d.Bytes(t.Context(), "picture", data, func(img *image.NRGBA) error {
				n := int64(img.Rect.Dx() * img.Rect.Dy())
				now := inUse.Add(n)
				for p := peak.Load(); now > p && !peak.CompareAndSwap(p, now); p = peak.Load() {
				}
				time.Sleep(time.Millisecond)
				inUse.Add(-n)
				uses.Add(1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if uses.Load() != 60 || peak.Load() > most || peak.Load() < 12 {
		t.Errorf("%d pictures, %d pixels at once, want 60 and 12 to %d", uses.Load(), peak.Load(), most)
	}
}

// TestBudgetWaits: who waits for room gives up with the context; an error or a panic of one gives the room back.
func TestBudgetWaits(t *testing.T) {
	data := encoded(t, "bmp")
	d := NewDecoder(6)
	holding, free := make(chan bool), make(chan bool)
	go d.Bytes(t.Context(), "first", data, func(*image.NRGBA) error {
		close(holding)
		<-free
		return nil
	})
	<-holding
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := d.Bytes(ctx, "second", data, func(*image.NRGBA) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while there is no room: %v", err)
	}
	if err := d.Rotating(true).Bytes(ctx, "second", data, func(*image.NRGBA) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a turning decoder has a budget of its own: %v", err)
	}
	close(free)
	mine := errors.New("mine")
	for range 3 {
		if err := d.Bytes(t.Context(), "third", data, func(*image.NRGBA) error { return mine }); !errors.Is(err, mine) {
			t.Errorf("got %v", err)
		}
	}
	if err := NewDecoder(5).Bytes(t.Context(), "large.bmp", data, nil); !errors.Is(err, ErrTooLarge) || !strings.HasPrefix(err.Error(), "large.bmp: ") {
		t.Errorf("larger than the budget: %v", err)
	}
}

// TestExifRotate: turned as Pillow's exif_transpose turns, when asked for and not otherwise; see make.py.
func TestExifRotate(t *testing.T) {
	turned, err := filepath.Glob("../testdata/cases/pictures/*.turned.png")
	if err != nil || len(turned) < 10 {
		t.Fatalf("%d truths, %v", len(turned), err)
	}
	for _, truth := range turned {
		file := strings.TrimSuffix(truth, ".turned.png")
		want := readTruth(t, truth)
		err := NewDecoder(0).Rotating(true).File(t.Context(), file, func(got *image.NRGBA) error {
			if got.Rect != want.Rect || string(got.Pix) != string(want.Pix) {
				t.Errorf("%s: %v is not turned to %v", file, got.Rect, want.Rect)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	turned, _ := filepath.Glob("../testdata/cases/pictures/*.turned.png")
	for _, truth := range turned {
		data, err := os.ReadFile(strings.TrimSuffix(truth, ".turned.png"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range []string{"JPEG", "PNG", "WebP"} {
			if got := orientation(name, data); got < 0 || got > 8 {
				t.Errorf("%s: %d", name, got)
			}
		}
		if got := tiffOrientation(data); got < 0 || got > 8 {
			t.Errorf("%d", got)
		}
	})
}

// TestStrangers: what facet knows by name only is never called damaged.
func TestStrangers(t *testing.T) {
	for name, data := range map[string]string{
		"HEIC": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "AVIF": "\x00\x00\x00\x1cftypavif\x00\x00\x00\x00", "JPEG XL": "\xff\x0a\x00", "JPEG 2000": "\x00\x00\x00\x0cjP  \r\n",
		"Photoshop": "8BPS\x00\x01", "PDF": "%PDF-1.7", "SVG": "<svg xmlns=", "Netpbm": "P6\n3 3\n255\n",
	} {
		_, err := decodeBytes("x", []byte(data), 100)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "unsupported kind of picture: "+name) || strings.Contains(err.Error(), "damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestImage: a decoded picture is used opaque, wherever its bounds begin, and neither an empty nor a large one is.
func TestImage(t *testing.T) {
	d := NewDecoder(100)
	glass := image.NewNRGBA(image.Rect(3, 4, 7, 6))
	glass.SetNRGBA(4, 5, color.NRGBA{R: 200, A: 0})
	err := d.Image(t.Context(), "glass", glass, func(img *image.NRGBA) error {
		if got := img.NRGBAAt(1, 1); img.Rect != image.Rect(0, 0, 4, 2) || got != (color.NRGBA{R: 200, A: 255}) {
			t.Errorf("%v in %v", got, img.Rect)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	use := func(*image.NRGBA) error { t.Error("it is used"); return nil }
	if err := d.Image(t.Context(), "nothing", image.NewGray(image.Rectangle{}), use); err == nil {
		t.Error("an empty picture is not refused")
	}
	if err := d.Image(t.Context(), "large", image.NewGray(image.Rect(0, 0, 101, 1)), use); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a large picture: %v", err)
	}
}
