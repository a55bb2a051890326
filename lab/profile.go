package lab

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"slices"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/drift/quality"
	"github.com/facet-clip/facet/engine/graph"
)

// Profile asks for a summary of reference images, for others to be compared with.
type Profile struct {
	// Source is the dataset.
	Source *dataset.Source
	// Folder is written, new. What is interrupted is kept beside it, with .partial after its name.
	Folder string
	// Bank is a bank or a file with a text a line: it names strong pairs, and its mean is taken off watched texts. Empty, it is the demo world's
	// words; another model then has no names.
	Bank string
	// Watch are the texts to follow.
	Watch []string
	// Reference takes watched texts as the published code does: no mean off, in OpenAI's 80 prompts of ImageNet.
	Reference bool
	// Sample is how many images to keep one by one, at most; 0 is 2,048.
	Sample int
	// Vary is how many pictures of the sample are varied in noise, blur and so on, so that such changes have names. 0 is 50, and a negative
	// number none.
	Vary int
	// Every is how many images there are between checkpoints; 0 is 1,000.
	Every int
	// Resume goes on after the last checkpoint, or begins where there is none.
	Resume bool
	// Strict ends with the first picture that cannot be read, instead of counting it: [ErrStrict].
	Strict bool
}

// ErrUnfinished is returned where a profile is begun and not finished, and the question does not say to resume it.
var ErrUnfinished = errors.New("begun and not finished")

// The defaults of [Profile].
const (
	defaultSample = 2048
	defaultVary   = 50
	defaultEvery  = 1000
)

const (
	profileTerms  = 8 // words fitted for a label; at most five are shown
	partialSuffix = ".partial"
)

func (q Profile) check() (Profile, error) {
	q.Sample, q.Vary, q.Every = or(q.Sample, defaultSample), or(q.Vary, defaultVary), or(q.Every, defaultEvery)
	switch {
	case q.Source == nil:
		return q, &Mistake{Problem: errors.New("no dataset: expected reference images")}
	case q.Folder == "":
		return q, mistake("output", "is missing: expected the folder to write")
	case q.Sample < 2:
		return q, mistake("sample", "%d: expected 2 or more", q.Sample)
	case q.Every < 1:
		return q, mistake("checkpoint-every", "%d: expected 1 or more", q.Every)
	}
	return q, checkWatched(q.Watch)
}

// or is a number, or a default for 0.
func or(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}

// profiling is a profile in the making.
type profiling struct {
	*Lab
	q        Profile
	ov       *decompose.OV
	concepts []drift.Concept
	*profile.Checkpoint
}

// Profile summarises reference images in a folder.
func (l *Lab) Profile(ctx context.Context, q Profile) (*answer.Profile, error) {
	q, err := q.check()
	if err != nil {
		return nil, err
	}
	if err := profile.Vacant(q.Folder); q.Resume && errors.Is(err, profile.ErrThere) {
		l.log.Warn("nothing is left to do: the profile is complete", "profile", q.Folder)
		return ReadProfile(q.Folder)
	} else if err != nil {
		return nil, err
	}
	p, err := l.beginProfile(ctx, q)
	if err != nil {
		return nil, err
	}
	made, err := p.make(ctx)
	if err != nil {
		return nil, p.keepPartial(err)
	}
	if err := p.write(ctx, made); err != nil {
		return nil, err
	}
	return ReadProfile(q.Folder)
}

// beginProfile begins, or goes on after the checkpoint of an interrupted run.
func (l *Lab) beginProfile(ctx context.Context, q Profile) (*profiling, error) {
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	if q.Bank == "" && !l.knowsWorld {
		q.Bank = l.namingBank(ctx)
	}
	p := &profiling{Lab: l, q: q, ov: ov}
	if p.concepts, err = l.followed(ctx, q.Watch, q.Bank, q.Reference, ov); err != nil {
		return nil, err
	}
	sum, err := l.model.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	p.Checkpoint = &profile.Checkpoint{
		Run:     profile.Run{Model: sum, Engine: l.model.Engine().Name(), Source: l.fingerprint(q.Source), Sample: q.Sample, Watched: conceptsSum(p.concepts)},
		Summary: drift.NewSummary(ov.Heads*ov.Channels, ov.Embed, len(p.concepts), q.Sample),
	}
	if q.Resume {
		if err := p.Load(p.partial()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return p, nil
	}
	if _, err := os.Lstat(p.partial()); err == nil {
		return nil, fmt.Errorf("%s: %w; resume it, or remove the file", p.partial(), ErrUnfinished)
	}
	return p, nil
}

// partial is the file of the last checkpoint.
func (p *profiling) partial() string { return p.q.Folder + partialSuffix }

// fingerprint is that of a source's pictures, turned or not: the text is part of files.
func (l *Lab) fingerprint(s *dataset.Source) string {
	if l.config.ExifRotate {
		return s.Fingerprint() + " --exif-rotate"
	}
	return s.Fingerprint()
}

// conceptsSum tells watched texts apart, and the banks that they were centred by.
func conceptsSum(concepts []drift.Concept) string {
	h := sha256.New()
	for _, c := range concepts {
		fmt.Fprintf(h, "%d %s", len(c.Text), c.Text)
		binary.Write(h, binary.LittleEndian, c.Direction)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// make takes up the images that the checkpoint lacks, and makes the profile.
func (p *profiling) make(ctx context.Context) (*drift.Profile, error) {
	if p.Next() < p.q.Source.Len() || p.q.Source.Len() < 0 {
		if err := p.takeUp(ctx); err != nil {
			return nil, err
		}
	}
	if n := p.Summary.Count(); n < 2 {
		return nil, fmt.Errorf("%s: %d pictures that can be read, expected two at least", p.q.Source.Name, n)
	}
	made := drift.NewProfile(p.Summary, p.ov.Norms(), p.concepts)
	var err error
	if made.Labels, err = p.strongLabels(ctx, made.Strong); err != nil {
		return nil, err
	}
	made.Qualities, err = p.qualities(ctx, made.Sample())
	return made, err
}

// takeUp summarises the images that are left, with a checkpoint now and then.
func (p *profiling) takeUp(ctx context.Context) error {
	through := pass{
		source: p.q.Source, decoder: p.decoder, from: p.Next(), strict: p.q.Strict, ov: p.ov, concepts: p.concepts, bad: unread{p.Unread, p.Skipped}, distinct: &p.Distinct,
	}
	noted := func() { p.Unread, p.Skipped = through.bad.count, through.bad.first }
	saved := p.Next()
	through.add = func(item *scanned, image drift.Image) error {
		noted()
		if err := p.Summary.Add(image, item.scalars, nil); err != nil || p.Next()-saved < p.q.Every {
			return err
		}
		saved = p.Next()
		return p.Save(p.partial())
	}
	err := p.pass(ctx, &through)
	noted()
	return err
}

// keepPartial keeps what an interrupted run has, and says how to go on.
func (p *profiling) keepPartial(cause error) error {
	if p.Next() == 0 || !errors.Is(cause, context.Canceled) {
		return cause
	}
	if err := p.Save(p.partial()); err != nil {
		return errors.Join(cause, err)
	}
	p.log.Warn("the profile is not finished and can be resumed", "images", p.Summary.Count(), "unreadable", p.Unread)
	return cause
}

// strongLabels are the strong pairs in the words of the bank; none where there is no bank.
func (p *profiling) strongLabels(ctx context.Context, strong []int) ([]string, error) {
	if p.q.Bank == "" && !p.knowsWorld {
		return nil, nil
	}
	words, err := p.labelling(ctx, fit{bank: p.q.Bank, terms: profileTerms})
	if err != nil {
		return nil, err
	}
	defer words.close()
	var pairs []decompose.Pair
	for _, i := range strong {
		pairs = append(pairs, p.ov.Pair(i))
	}
	labels, _, err := words.run(ctx, p.ov, pairs, nil)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(labels))
	for i, l := range labels {
		if l.Says.Named {
			out[i] = l.Says.String()
		}
	}
	return out, nil
}

// qualities are what noise, blur and so on do to the first pictures of a sample that can be read again.
func (p *profiling) qualities(ctx context.Context, sample []drift.Image) ([]drift.Quality, error) {
	n := min(p.q.Vary, len(sample))
	if n <= 0 {
		return nil, nil
	}
	out, s := quality.Unmeasured(p.model.Config.Embed), p.Step(ctx, "pictures varied", n)
	defer s.Done()
	var unread error
	for i, kept := range sample[:n] {
		seen, err := cropped(ctx, p.decoder, kept.Path, p.model.Config.Image)
		if err != nil {
			unread = err
			continue
		}
		if err := quality.Measure(ctx, seen, p.encodePictures, out); err != nil {
			return nil, fmt.Errorf("%s: %w", kept.Path, err)
		}
		s.Set(i + 1)
	}
	if unread != nil {
		p.log.Warn("pictures of the sample cannot be read again, so changes of quality are known from fewer", "pictures", out[0].Pictures, "last", unread)
	}
	if out[0].Pictures == 0 {
		return nil, nil
	}
	return out, nil
}

// cropped opens a picture again by its path in an atlas, a profile or a store, as a model of the given size sees it.
func cropped(ctx context.Context, d *dataset.Decoder, path string, size int) (seen *image.RGBA, err error) {
	err = d.Picture(ctx, path, func(img *image.NRGBA) error {
		seen = preprocess.Crop(img, size)
		return nil
	})
	return seen, err
}

// encodePictures gives the embeddings [n,D] of pictures of the model's size.
func (l *Lab) encodePictures(ctx context.Context, pictures []*image.RGBA) ([]float32, error) {
	size := l.model.Config.Image
	pixels := make([]float32, 0, len(pictures)*3*size*size)
	for _, p := range pictures {
		pixels = append(pixels, preprocess.Normalise(p)...)
	}
	out, err := l.model.EncodeImages(ctx, graph.Floats(pixels, len(pictures), 3, size, size), clip.Embedding)
	return out[clip.Embedding].Floats, err
}

// write writes the folder, and removes the checkpoint.
func (p *profiling) write(ctx context.Context, made *drift.Profile) error {
	by, err := p.Made(ctx)
	if err != nil {
		return err
	}
	header := profile.Header{
		Model:  profile.Model{Name: by.Name, SHA256: by.SHA256, Bytes: by.Bytes, File: by.File},
		Source: p.q.Source.Name, Bank: p.q.Bank, ExifRotate: p.config.ExifRotate, Skipped: p.Skipped, Unread: p.Unread, Repeated: p.Repeated,
	}
	if err := profile.Write(p.q.Folder, header, made); err != nil {
		return err
	}
	if err := os.Remove(p.partial()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ReadProfile says what the profile in a folder holds. It needs no model.
func ReadProfile(dir string) (*answer.Profile, error) {
	h, err := profile.ReadHeader(dir)
	if err != nil {
		return nil, err
	}
	a := &answer.Profile{
		Profile: dir, Images: h.Images, Unread: h.Unread, Repeated: h.Repeated, Sample: len(h.Sample), Strong: len(h.Strong), Pairs: h.Pairs,
		Watched: append([]string{}, h.Watched...), Qualities: []string{},
	}
	for _, label := range h.Labels {
		if label != "" {
			a.Labelled++
		}
	}
	for _, q := range h.Qualities {
		if !slices.Contains(a.Qualities, q.Name) {
			a.Qualities = append(a.Qualities, q.Name)
		}
	}
	return a, nil
}
