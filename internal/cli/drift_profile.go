package cli

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"log/slog"
	"os"
	"slices"

	"github.com/spf13/cobra"

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

// profileOptions are the flags of facet drift profile.
type profileOptions struct {
	driftOptions
	sample, vary, every int
	resume              bool
}

const (
	labelMemory   = 2048 // MiB, for the labels of the strong pairs
	profileTerms  = 8    // words fitted for a label; at most five are shown
	partialSuffix = ".partial"
)

func (a *app) driftProfileCommand() *cobra.Command {
	var o profileOptions
	cmd := &cobra.Command{
		Use:   "profile SOURCE -o PROFILE",
		Short: "Summarise reference images, for others to be compared with",
		Long: `Passes reference images through the model and keeps what facet drift compare needs: moments of every pair, mean and covariance of the
embedding, the scores of watched texts, labels of the strong pairs, a random sample of images, and what noise, blur and other qualities of
pictures do to some of them. The size does not depend on the number of images.

SOURCE is a folder of pictures, a manifest (.csv, .jsonl, .parquet), tar shards, or scenes:default?n=1000.
What is interrupted is kept in PROFILE.partial, and --resume goes on.`,
		Example: `  facet drift profile photos/2015 --model RN50 --bank words.txt --watch "a yellow car" -o reference.profile
  facet drift profile 'scenes:steady?n=200' --watch "a yellow car" --watch "a convertible" -o reference.profile`,
		Args: argsBetween(1, 1, "one dataset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.source = args[0]
			switch {
			case o.output == "":
				return usagef("facet drift profile: expected -o PROFILE, the folder to write")
			}
			return a.driftProfile(cmd.Context(), o)
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "write the profile into `FOLDER`, new")
	numberVar(f, &o.sample, "sample", 2048, span[int]{least: 2, most: mostCount}, "images to keep in the sample, at most")
	numberVar(f, &o.vary, "vary", 100, someOrNone, "pictures of the sample to vary in noise, blur and so on, so that such changes have names; 0: none")
	numberVar(f, &o.every, "checkpoint-every", 1000, some, "images between checkpoints: what a kill can lose")
	f.BoolVar(&o.resume, "resume", false, "go on after the last checkpoint; begin if nothing was begun")
	return cmd
}

func (a *app) driftProfile(ctx context.Context, o profileOptions) error {
	texts, err := o.watched(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(o.output); err == nil {
		if o.resume {
			slog.Warn("nothing is left to do: the profile is complete", "profile", o.output)
			return a.showProfile(o.output)
		}
		return fmt.Errorf("%s: it exists already; a profile goes into a new folder", o.output)
	}
	source, err := o.open()
	if err != nil {
		return err
	}
	m, ov, err := a.openDecomposed(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	concepts, err := m.concepts(ctx, texts, o.bank, ov)
	if err != nil {
		return err
	}
	c, err := m.beginProfile(ctx, o, source, ov, concepts)
	if err != nil {
		return err
	}
	p, err := m.profiled(ctx, o, source, ov, concepts, c)
	if err != nil {
		return keepPartial(o, c, err)
	}
	by, err := m.lab.Made(ctx)
	if err != nil {
		return err
	}
	header := profile.Header{Model: profile.Model{Name: by.Name, SHA256: by.SHA256, Bytes: by.Bytes, File: by.File}, Source: o.source, Bank: o.bank, ExifRotate: a.exifRotate, Skipped: c.Skipped, Unread: c.Unread}
	if err := profile.Write(o.output, header, p); err != nil {
		return err
	}
	if err := os.Remove(o.output + partialSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return a.showProfile(o.output)
}

// beginProfile begins, or goes on after the checkpoint of an interrupted run.
func (m *model) beginProfile(ctx context.Context, o profileOptions, source *dataset.Source, ov *decompose.OV, concepts []drift.Concept) (*profile.Checkpoint, error) {
	sum, err := m.Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	c := &profile.Checkpoint{
		Run:     profile.Run{Model: sum, Engine: m.Engine().Name(), Source: m.app.turned(source.Fingerprint()), Sample: o.sample, Watched: conceptsSum(concepts)},
		Summary: drift.NewSummary(ov.Heads*ov.Channels, ov.Embed, len(concepts), o.sample),
	}
	path := o.output + partialSuffix
	if !o.resume {
		if _, err := os.Lstat(path); err == nil {
			return nil, fmt.Errorf("%s: begun and not finished; go on with it (--resume), or remove the file", path)
		}
		return c, nil
	}
	if err := c.Load(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return c, nil
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

// profiled takes up the images that a checkpoint lacks, and makes the profile.
func (m *model) profiled(ctx context.Context, o profileOptions, source *dataset.Source, ov *decompose.OV, concepts []drift.Concept, c *profile.Checkpoint) (*drift.Profile, error) {
	through := pass{source: source, from: c.Next(), strict: o.strict, ov: ov, concepts: concepts, bad: unread{c.Unread, c.Skipped}}
	noted := func() { c.Unread, c.Skipped = through.bad.count, through.bad.first }
	saved := c.Next()
	through.add = func(item *scanned, image drift.Image) error {
		noted()
		if err := c.Summary.Add(image, item.scalars, nil); err != nil || c.Next()-saved < o.every {
			return err
		}
		saved = c.Next()
		return c.Save(o.output + partialSuffix)
	}
	if c.Next() < source.Len() || source.Len() < 0 {
		err := m.pass(ctx, &through)
		if noted(); err != nil {
			return nil, err
		}
	}
	if c.Summary.Count() < 2 {
		return nil, fmt.Errorf("%s: %d pictures that can be read, expected two at least", o.source, c.Summary.Count())
	}
	p := drift.NewProfile(c.Summary, ov.Norms(), concepts)
	var err error
	if p.Labels, err = m.strongLabels(ctx, o.bank, ov, p); err != nil {
		return nil, err
	}
	p.Qualities, err = m.qualities(ctx, p.Sample(), o.vary)
	return p, err
}

// keepPartial keeps what an interrupted run has, and says how to go on.
func keepPartial(o profileOptions, c *profile.Checkpoint, cause error) error {
	if c.Next() == 0 || !errors.Is(cause, context.Canceled) {
		return cause
	}
	if err := c.Save(o.output + partialSuffix); err != nil {
		return errors.Join(cause, err)
	}
	slog.Warn("the profile is not finished; the same command with --resume goes on", "images", c.Summary.Count(), "unreadable", c.Unread)
	return cause
}

// strongLabels are the strong pairs in the words of a bank; none where there is no bank.
func (m *model) strongLabels(ctx context.Context, bank string, ov *decompose.OV, p *drift.Profile) ([]string, error) {
	if bank == "" && m.name != demoName {
		return nil, nil
	}
	words, err := m.labelling(ctx, labelOptions{bank: bank, method: methodOMP, scale: scaleRows, terms: profileTerms, memory: labelMemory})
	if err != nil {
		return nil, err
	}
	defer words.close()
	var pairs []decompose.Pair
	for _, i := range p.Strong {
		pairs = append(pairs, ov.Pair(i))
	}
	labels, _, err := words.run(ctx, ov, pairs, nil)
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

// qualities are what noise, blur and so on do to the first n pictures of a sample that can be read again.
func (m *model) qualities(ctx context.Context, sample []drift.Image, n int) ([]drift.Quality, error) {
	n = min(n, len(sample))
	if n == 0 {
		return nil, nil
	}
	out, p := quality.Unmeasured(m.Config.Embed), m.app.progress("pictures varied", n)
	defer p.done()
	var unread error
	for i, kept := range sample[:n] {
		seen, err := m.app.cropped(ctx, kept.Path, m.Config.Image)
		if err != nil {
			unread = err
			continue
		}
		if err := quality.Measure(ctx, seen, m.encodePictures, out); err != nil {
			return nil, fmt.Errorf("%s: %w", kept.Path, err)
		}
		p.set(i + 1)
	}
	if unread != nil {
		slog.Warn("pictures of the sample cannot be read again, so changes of quality are known from fewer", "pictures", out[0].Pictures, "last", unread)
	}
	if out[0].Pictures == 0 {
		return nil, nil
	}
	return out, nil
}

// encodePictures gives the embeddings [n,D] of pictures of the model's size.
func (m *model) encodePictures(ctx context.Context, pictures []*image.RGBA) ([]float32, error) {
	size := m.Config.Image
	pixels := make([]float32, 0, len(pictures)*3*size*size)
	for _, p := range pictures {
		pixels = append(pixels, preprocess.Normalise(p)...)
	}
	out, err := m.EncodeImages(ctx, graph.Floats(pixels, len(pictures), 3, size, size), clip.Embedding)
	return out[clip.Embedding].Floats, err
}

func (a *app) showProfile(dir string) error {
	h, err := profile.ReadHeader(dir)
	if err != nil {
		return err
	}
	r := answer.Profile{Profile: dir, Images: h.Images, Unread: h.Unread, Sample: len(h.Sample), Strong: len(h.Strong), Pairs: h.Pairs,
		Watched: orEmpty(h.Watched), Qualities: []string{}}
	for _, label := range h.Labels {
		if label != "" {
			r.Labelled++
		}
	}
	for _, q := range h.Qualities {
		if !slices.Contains(r.Qualities, q.Name) {
			r.Qualities = append(r.Qualities, q.Name)
		}
	}
	if a.json {
		return encodeJSON(a.stdout, r)
	}
	fmt.Fprintf(a.stdout, "%s: %d images, %d of them kept as a sample; %d strong pairs of %d, %d with a label; %d texts watched; %d qualities of pictures\n",
		dir, r.Images, r.Sample, r.Strong, r.Pairs, r.Labelled, len(r.Watched), len(r.Qualities))
	return nil
}
