package known

import (
	"fmt"
	"image"
	"path/filepath"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/regular"
)

// cifar is the side of a picture of CIFAR in pixels, and the bytes of one.
const (
	cifarSide  = 32
	cifarBytes = 3 * cifarSide * cifarSide
)

// maxCIFAR is the most bytes of a batch: thrice the 60,000 pictures of a whole set.
const maxCIFAR = 3 * 60_000 * (cifarBytes + 2)

// cifar is where one of the two sets keeps what.
type cifar struct {
	protocol     string
	binary       string // folder of the binary layout
	binaryFile   string // its test pictures
	names        string // its list of classes
	labels       int    // bytes of labels before a picture; the last one counts
	python       string // folder of the Python layout
	pythonFile   string
	pythonLabels string // key of the labels
}

var (
	cifar10  = cifar{"cifar10", "cifar-10-batches-bin", "test_batch.bin", "batches.meta.txt", 1, "cifar-10-batches-py", "test_batch", "labels"}
	cifar100 = cifar{"cifar100", "cifar-100-binary", "test.bin", "fine_label_names.txt", 2, "cifar-100-python", "test", "fine_labels"}
)

// open reads the test pictures, in whichever layout they lie.
func (c cifar) open(dir string) (*Set, error) {
	set, err := protocol(c.protocol, fromPrompts)
	if err != nil {
		return nil, err
	}
	dir = within(dir, c.binary, c.python)
	path := filepath.Join(dir, c.binaryFile)
	if !regular.Exists(path) {
		return nil, fmt.Errorf("%s: %w: expected %s/%s", dir, ErrLayout, c.binary, c.binaryFile)
	}
	if err := agreeing(filepath.Join(dir, c.names), set.Classes); err != nil {
		return nil, err
	}
	data, err := regular.ReadFile(path, maxCIFAR)
	if err != nil {
		return nil, err
	}
	pictures, labels, err := readCIFAR(data, c.labels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return set, set.planes(path, pictures, labels)
}

// readCIFAR splits records of labels and a picture; of the labels the last one counts.
func readCIFAR(data []byte, labels int) (pictures [][]byte, classes []int, err error) {
	record := labels + cifarBytes
	if len(data) == 0 || len(data)%record != 0 {
		return nil, nil, fmt.Errorf("%w: %d bytes, expected a multiple of %d: a picture of %d×%d with %d of labels", ErrLayout, len(data), record, cifarSide, cifarSide, labels)
	}
	for at := 0; at < len(data); at += record {
		classes = append(classes, int(data[at+labels-1]))
		pictures = append(pictures, data[at+labels:at+record])
	}
	return pictures, classes, nil
}

// planes adds pictures whose planes of red, green and blue lie one after the other.
func (s *Set) planes(path string, pictures [][]byte, labels []int) error {
	for i, p := range pictures {
		if labels[i] < 0 || labels[i] >= len(s.Classes) {
			return fmt.Errorf("%s: %w: picture %d has the label %d, expected 0 to %d", path, ErrLayout, i, labels[i], len(s.Classes)-1)
		}
		name := fmt.Sprintf("%s#%d", filepath.Base(path), i)
		s.pictures = append(s.pictures, picture{
			item: dataset.DrawnItem(fmt.Sprintf("%s#%d", path, i), func() (image.Image, error) { return fromPlanes(p, cifarSide, false), nil }),
			name: name, classes: []int{labels[i]},
		})
	}
	return nil
}

// fromPlanes is a square picture of three planes, row by row, or column by column where turned.
func fromPlanes(planes []byte, side int, turned bool) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for at := range side * side {
		to := at
		if turned {
			to = at%side*side + at/side
		}
		for c := range 3 {
			img.Pix[4*to+c] = planes[c*side*side+at]
		}
		img.Pix[4*to+3] = 255
	}
	return img
}
