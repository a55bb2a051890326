package known

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/internal/foreign"
)

// Captions is a data set of pictures with captions: the test pictures of Karpathy's split.
type Captions struct {
	Set
	Texts []string // the captions, those of a picture one after the other
	Of    []int    // of each caption its picture
}

// captioned is a data set with captions that is known by name.
type captioned struct {
	name      string
	images    []string // folders that its pictures may lie in
	published published
}

var captionedSets = []captioned{
	{"flickr8k", []string{"Flicker8k_Dataset", "Flickr8k_Dataset", "Images", "images"}, published{}},
	{"flickr30k", []string{"flickr30k-images", "flickr30k_images", "Images", "images"}, published{"Flickr", MeanRecall, 1000, ""}},
	{"coco", []string{"images"}, published{"MSCOCO", MeanRecall, 5000, ""}},
}

// CaptionNames are the data sets that [OpenCaptions] knows.
func CaptionNames() []string {
	var names []string
	for _, c := range captionedSets {
		names = append(names, c.name+":DIR")
	}
	return names
}

// OpenCaptions finds the pictures and captions of a data set NAME:DIR, where DIR has the pictures and Karpathy's dataset_NAME.json. Pictures are not
// read. Errors name the file.
func OpenCaptions(name string) (*Captions, error) {
	kind, dir, ok := strings.Cut(name, ":")
	i := slices.IndexFunc(captionedSets, func(c captioned) bool { return c.name == kind })
	if i < 0 || !ok || dir == "" {
		return nil, fmt.Errorf("%s: %w: expected one of %s", foreign.Quote(name), ErrUnknown, strings.Join(CaptionNames(), ", "))
	}
	path := filepath.Join(dir, "dataset_"+kind+".json")
	images, err := read(path, func(name string, r io.Reader) ([]karpathyImage, error) { return readKarpathy(name, r, kind) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	c := &Captions{Set: Set{Name: name, Kind: kind, published: captionedSets[i].published}}
	folder := within(dir, captionedSets[i].images...)
	for n, image := range images {
		p, err := file(folder, strings.TrimPrefix(image.Folder+"/"+image.File, "/"), 0)
		if err != nil {
			return nil, fmt.Errorf("%s: test picture %d: %w", path, n+1, err)
		}
		p.classes = nil
		c.pictures = append(c.pictures, p)
		for _, s := range image.Sentences {
			c.Texts, c.Of = append(c.Texts, s.Raw), append(c.Of, n)
		}
	}
	if len(c.pictures) == 0 {
		return nil, fmt.Errorf("%s: %w: no picture whose split is test", path, dataset.ErrEmpty)
	}
	c.seal()
	return c, nil
}

// seal has the fingerprint change with the captions.
func (c *Captions) seal() {
	sum := sha256.New()
	for i, text := range c.Texts {
		fmt.Fprintf(sum, "%d %q\n", c.Of[i], text)
	}
	c.fingerprint = hex.EncodeToString(sum.Sum(nil))
}

// Limit keeps the first n pictures and their captions.
func (c *Captions) Limit(n int) {
	c.Set.Limit(n)
	end, _ := slices.BinarySearch(c.Of, c.Len())
	c.Texts, c.Of = c.Texts[:end], c.Of[:end]
	c.seal()
}

// karpathyImage is a picture of dataset_….json, of which there is more to know than counts here.
type karpathyImage struct {
	Folder    string `json:"filepath"` // of COCO
	File      string `json:"filename"`
	Split     string `json:"split"`
	Sentences []struct {
		Raw string `json:"raw"`
	} `json:"sentences"`
}

const (
	maxKarpathy  = 1 << 30 // bytes; COCO's has 144 MB
	maxSentences = 100     // of a picture; COCO's have up to 7
	maxSentence  = 1 << 12 // bytes
)

// readKarpathy reads the test pictures of {"images": […], "dataset": NAME}, one after the other.
func readKarpathy(name string, r io.Reader, dataset string) (images []karpathyImage, err error) {
	d := json.NewDecoder(io.LimitReader(r, maxKarpathy))
	wrong := func(err error) error { return fmt.Errorf("%s: %w: byte %d: %w", name, ErrLayout, d.InputOffset(), err) }
	if err := expect(d, '{'); err != nil {
		return nil, wrong(err)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, wrong(err)
		}
		switch key {
		case "images":
			images, err = testImages(d)
		case "dataset":
			var found string
			if err = d.Decode(&found); err == nil && found != dataset {
				err = fmt.Errorf("the data set is %s, expected %s", foreign.Quote(found), dataset)
			}
		default:
			err = d.Decode(new(json.RawMessage))
		}
		if err != nil {
			return nil, wrong(err)
		}
	}
	if err := expect(d, '}'); err != nil {
		return nil, wrong(err)
	}
	return images, nil
}

// testImages reads a list and keeps the pictures of the split test.
func testImages(d *json.Decoder) (images []karpathyImage, err error) {
	if err := expect(d, '['); err != nil {
		return nil, err
	}
	for n := 1; d.More(); n++ {
		var image karpathyImage
		if err := d.Decode(&image); err != nil {
			return nil, fmt.Errorf("picture %d: %w", n, err)
		}
		if image.Split != "test" {
			continue
		}
		if len(image.Sentences) == 0 || len(image.Sentences) > maxSentences {
			return nil, fmt.Errorf("picture %d has %d captions, expected 1 to %d", n, len(image.Sentences), maxSentences)
		}
		for _, s := range image.Sentences {
			if s.Raw == "" || len(s.Raw) > maxSentence {
				return nil, fmt.Errorf("picture %d has a caption of %d bytes, expected 1 to %d", n, len(s.Raw), maxSentence)
			}
		}
		if images = append(images, image); len(images) > maxListed {
			return nil, fmt.Errorf("more than %d pictures", maxListed)
		}
	}
	return images, expect(d, ']')
}

// expect reads one bracket.
func expect(d *json.Decoder, bracket json.Delim) error {
	t, err := d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && t != bracket {
		err = fmt.Errorf("expected %s, found %s", bracket, foreign.Quote(fmt.Sprint(t)))
	}
	return err
}
