package known

import (
	"fmt"
	"image"
	"path/filepath"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/pickle"
	"github.com/facet-clip/facet/internal/regular"
)

// cifarSide is the side of a picture of CIFAR in pixels, and the bytes of one.
const (
	cifarSide  = 32
	cifarBytes = 3 * cifarSide * cifarSide
)

// maxCIFAR is the most bytes of a batch: thrice the 60,000 pictures of a whole set.
const maxCIFAR = 3 * 60_000 * (cifarBytes + 2)

// cifar is where one of the two sets keeps what: in the binary layout, and in Python's, which is of pickles.
type cifar struct {
	protocol string
	labels   int // bytes of labels before a picture of the binary layout; the last one counts

	binary, binaryTest, binaryNames string // folder, test pictures, list of classes
	python, pythonTest, pythonNames string
	labelsKey, namesKey             string // in the pickles
}

var (
	cifar10 = cifar{"cifar10", 1, "cifar-10-batches-bin", "test_batch.bin", "batches.meta.txt",
		"cifar-10-batches-py", "test_batch", "batches.meta", "labels", "label_names"}
	cifar100 = cifar{"cifar100", 2, "cifar-100-binary", "test.bin", "fine_label_names.txt", "cifar-100-python", "test", "meta", "fine_labels", "fine_label_names"}
)

// open reads the test pictures, in whichever layout they lie.
func (c cifar) open(dir string) (*Set, error) {
	set, err := protocol(c.protocol, fromPrompts)
	if err != nil {
		return nil, err
	}
	dir = within(dir, c.binary, c.python)
	path, names := filepath.Join(dir, c.binaryTest), filepath.Join(dir, c.binaryNames)
	split := func(data []byte) ([][]byte, []int, error) { return readCIFAR(data, c.labels) }
	check := agreeing
	if !regular.Exists(path) {
		path, names = filepath.Join(dir, c.pythonTest), filepath.Join(dir, c.pythonNames)
		split = func(data []byte) ([][]byte, []int, error) { return readPickledCIFAR(data, c.labelsKey) }
		check = c.agreeingPickle
	}
	if !regular.Exists(path) {
		return nil, fmt.Errorf("%s: %w: expected %s/%s or %s/%s", dir, ErrLayout, c.binary, c.binaryTest, c.python, c.pythonTest)
	}
	if err := check(names, set.Classes); err != nil {
		return nil, err
	}
	data, err := regular.ReadFile(path, maxCIFAR)
	if err != nil {
		return nil, err
	}
	pictures, labels, err := split(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return set, set.planes(path, pictures, labels)
}

// agreeingPickle is [agreeing] for a pickle.
func (c cifar) agreeingPickle(path string, classes []Class) error {
	if !regular.Exists(path) {
		return nil
	}
	data, err := regular.ReadFile(path, maxCIFAR)
	if err != nil {
		return err
	}
	d, err := pickledDict(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	list, _ := valueOf(d, c.namesKey).(*pickle.List)
	if list == nil {
		return fmt.Errorf("%s: %w: expected a list %s", path, ErrLayout, c.namesKey)
	}
	var names []string
	for _, v := range list.Items {
		name, _ := pickle.Text(v)
		names = append(names, name)
	}
	return inOrder(path, names, classes)
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

// pickledDict reads a pickle that holds a dict.
func pickledDict(data []byte) (*pickle.Dict, error) {
	v, err := pickle.Read(data, pickle.Rules{Name: "the pickle", Corrupt: ErrLayout, Unsupported: ErrLayout, Unsafe: ErrUnsafe, MaxString: maxCIFAR, Bytes: true})
	if err != nil {
		return nil, err
	}
	d, ok := v.(*pickle.Dict)
	if !ok {
		return nil, fmt.Errorf("%w: expected a pickled dict, found %s", ErrLayout, pickle.Kind(v))
	}
	return d, nil
}

// valueOf is the value of a key; nil where there is none.
func valueOf(d *pickle.Dict, key string) any {
	for i, k := range d.Keys {
		if name, ok := pickle.Text(k); ok && name == key {
			return d.Values[i]
		}
	}
	return nil
}

// readPickledCIFAR reads a dict with an array data [N,3072] of bytes and a list of labels under a key.
func readPickledCIFAR(data []byte, key string) (pictures [][]byte, classes []int, err error) {
	d, err := pickledDict(data)
	if err != nil {
		return nil, nil, err
	}
	a, ok := pickle.ArrayOf(valueOf(d, "data"))
	if !ok || a.Type != "u1" || a.Fortran || len(a.Shape) != 2 || a.Shape[1] != cifarBytes || a.Shape[0] != int64(len(a.Data)/cifarBytes) || len(a.Data)%cifarBytes != 0 {
		return nil, nil, fmt.Errorf("%w: expected an array data of bytes [N,%d]", ErrLayout, cifarBytes)
	}
	labels, _ := valueOf(d, key).(*pickle.List)
	if labels == nil || int64(len(labels.Items)) != a.Shape[0] || len(labels.Items) == 0 {
		return nil, nil, fmt.Errorf("%w: expected a list %s of %d labels", ErrLayout, key, a.Shape[0])
	}
	for i, v := range labels.Items {
		label, ok := v.(int64)
		if !ok || label != int64(int(label)) {
			return nil, nil, fmt.Errorf("%w: label %d is %s, expected a number", ErrLayout, i, pickle.Kind(v))
		}
		classes = append(classes, int(label))
		pictures = append(pictures, a.Data[i*cifarBytes:(i+1)*cifarBytes])
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
