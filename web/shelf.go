package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/lab"
)

// shelf is what is served, by name. A name is the last part of a path; requests never hold a path.
type shelf struct {
	lab     *lab.Lab
	version string
	model   string // its public name
	atlases []item
	banks   []item
}

type item struct{ name, path string }

// newShelf opens all that is served, with these atlases.
func newShelf(ctx context.Context, c Config, atlases []string) (*shelf, error) {
	s := &shelf{lab: c.Lab, version: c.Version, model: publicModel(c.Lab.Name())}
	var err error
	if s.atlases, err = named("atlas", atlases); err != nil {
		return nil, err
	}
	if s.banks, err = named("bank", c.Banks); err != nil {
		return nil, err
	}
	for _, a := range s.atlases {
		if _, err := c.Lab.AtlasState(ctx, a.path); err != nil {
			return nil, err
		}
	}
	for _, b := range s.banks {
		if _, err := c.Lab.Bank(ctx, b.path, false); err != nil {
			return nil, err
		}
	}
	return s, nil
}

type shelfKey struct{}

// withShelf is a context whose questions are about what one shelf has.
func withShelf(ctx context.Context, s *shelf) context.Context {
	return context.WithValue(ctx, shelfKey{}, s)
}

// shelf is what a question is about: what was served when its request came, also where something else is served before it ends.
func (s *Server) shelf(ctx context.Context) *shelf {
	if one, ok := ctx.Value(shelfKey{}).(*shelf); ok && one != nil {
		return one
	}
	return s.served.Load()
}

// publicModel is a model's name; of a checkpoint file, the file's.
func publicModel(name string) string { return filepath.Base(name) }

// named gives paths their names, of which there must not be two.
func named(what string, paths []string) (items []item, err error) {
	seen := map[string]string{}
	for _, path := range paths {
		if what == "bank" && lab.IsWordList(path) {
			seen[path], items = path, append(items, item{path, path})
			continue
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(abs)
		if first, ok := seen[name]; ok {
			return nil, fmt.Errorf("%s and %s: expected each %s to have a name of its own, found %s twice", first, path, what, name)
		}
		seen[name] = path
		items = append(items, item{name, abs})
	}
	return items, nil
}

// atlas is the folder of an atlas by its name.
func (s *shelf) atlas(name string) (string, error) { return find("atlas", s.atlases, name) }

// optionalAtlas is that of a name; without one, none.
func (s *shelf) optionalAtlas(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	return s.atlas(name)
}

// bank is the path of a bank by its name. Without a name it is the first bank, or none for the demo model, which has words of its own.
func (s *shelf) bank(name string) (string, error) {
	if name == "" && (len(s.banks) == 0 || s.model == lab.DemoName) {
		return "", nil
	}
	if name == "" {
		return s.banks[0].path, nil
	}
	return find("bank", s.banks, name)
}

func find(what string, items []item, name string) (string, error) {
	for _, i := range items {
		if i.name == name {
			return i.path, nil
		}
	}
	return "", fmt.Errorf("%s %s: %w", what, foreign.Quote(name), errUnknown)
}

// nameOf is the public name of a path that this shelf gave out.
func nameOf(items []item, path string) string {
	if lab.IsWordList(path) {
		return path
	}
	for _, i := range items {
		if i.path == path {
			return i.name
		}
	}
	return ""
}

// state is a digest of all that is served, as it is now.
func (s *shelf) state(ctx context.Context) (string, error) {
	sum := sha256.New()
	digest, err := s.lab.Model().Checkpoint().SHA256(ctx)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(sum, "%q %q\n", s.version, digest)
	for _, a := range s.atlases {
		state, err := s.lab.AtlasState(ctx, a.path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%q %q\n", a.name, state.Digest)
	}
	for _, b := range s.banks {
		info, err := os.Stat(b.path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%q %d %d\n", b.name, info.Size(), info.ModTime().UnixNano())
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// hide puts names where an answer has paths. It knows every type that is answered; one that it does not know is an error, not a leak.
func (s *shelf) hide(a any) error {
	switch a := a.(type) {
	case *answer.Model:
		s.hideModel(a)
	case *answer.Search:
		s.hideModel(&a.Model)
		a.Atlas, a.Bank = nameOf(s.atlases, a.Atlas), nameOf(s.banks, a.Bank)
	case *answer.Nearest:
		s.hideModel(&a.Model)
		a.Bank = nameOf(s.banks, a.Bank)
	case *answer.Pairs:
		s.hideModel(&a.Model)
		a.Atlas = nameOf(s.atlases, a.Atlas)
	case *answer.PairDetail:
		s.hideModel(&a.Model)
		a.Atlas = nameOf(s.atlases, a.Atlas)
	case *answer.PairScalars:
		a.Atlas = nameOf(s.atlases, a.Atlas)
	case *answer.Places:
		s.hideModel(&a.Model)
		s.hideAgainst(a.Against)
	case *answer.EditParts:
		s.hideModel(&a.Model)
		a.Atlas = nameOf(s.atlases, a.Atlas)
	case *answer.PairsCompared:
		a.Atlas = nameOf(s.atlases, a.Atlas)
	case *answer.HeadDetail:
		s.hideModel(&a.Model)
		a.Atlas = nameOf(s.atlases, a.Atlas)
	case *answer.PairStrengths:
		a.Atlas = nameOf(s.atlases, a.Atlas)
	case *answer.Explanation:
		s.hideModel(&a.Model)
		s.hideAgainst(a.Against)
	case *answer.Classification:
		s.hideModel(&a.Model)
	case *answer.Embeddings:
		s.hideModel(&a.Model)
	case *answer.Segmentation:
		s.hideModel(&a.Model)
	case *answer.Labels:
		s.hideModel(&a.Model)
		a.Atlas, a.Bank = nameOf(s.atlases, a.Atlas), nameOf(s.banks, a.Bank)
	case *answer.Reconstructions:
		s.hideStudy(&a.Study)
	case *answer.Ablations:
		s.hideStudy(&a.Study)
	case *answer.Polysemanticity:
		s.hideAsked(&a.Asked)
	case *answer.Sink:
		s.hideModel(&a.Model)
		a.Source = nameOf(s.atlases, a.Source)
	default:
		return fmt.Errorf("an answer of type %T may hold paths", a)
	}
	return nil
}

func (s *shelf) hideModel(m *answer.Model) { m.Name = publicModel(m.Name) }

// hideAsked hides what a study was asked of.
func (s *shelf) hideAsked(a *answer.Asked) {
	s.hideModel(&a.Model)
	a.Atlas = nameOf(s.atlases, a.Atlas)
}

// hideStudy hides that, and where its means come from.
func (s *shelf) hideStudy(a *answer.Study) {
	s.hideAsked(&a.Asked)
	if name := nameOf(s.atlases, a.Means); name != "" {
		a.Means = name
	}
}

// hideAgainst hides the path of the bank or the atlas whose average an explanation is measured against.
func (s *shelf) hideAgainst(a *answer.Against) {
	if a == nil {
		return
	}
	for _, items := range [][]item{s.atlases, s.banks} {
		if name := nameOf(items, a.Name); name != "" {
			a.Name = name
		}
	}
}

// hideNeuron hides the paths of a neuron's answer.
func (s *shelf) hideNeuron(ctx context.Context, a *answer.Neuron, dir string) error {
	s.hideModel(&a.Model)
	a.Atlas = nameOf(s.atlases, dir)
	var lists [][]answer.UnitImage
	for _, r := range a.Rows {
		lists = append(lists, r.Images)
	}
	return s.hideImages(ctx, dir, lists)
}

// hideTree hides the paths of a tree's answer.
func (s *shelf) hideTree(ctx context.Context, a *answer.Tree, dir string) error {
	s.hideModel(&a.Model)
	a.Atlas = nameOf(s.atlases, dir)
	var lists [][]answer.UnitImage
	for _, n := range a.Nodes {
		lists = append(lists, n.Images)
	}
	return s.hideImages(ctx, dir, lists)
}

// hideImages hides the paths of images of the atlas in a folder: they are told as the atlas has them.
func (s *shelf) hideImages(ctx context.Context, dir string, lists [][]answer.UnitImage) error {
	images, err := s.lab.AtlasImages(ctx, dir)
	if err != nil {
		return err
	}
	for _, list := range lists {
		for i := range list {
			list[i].Path = images[list[i].Image].Name
		}
	}
	return nil
}

// uploadName is what an upload is called: the last part of the name that came with it.
func uploadName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if name == "" || len(name) > longestName {
		return "the picture"
	}
	return foreign.Message(name)
}

const longestName = 200 // bytes

// errReadOnly is returned for what a server that only reads does not do.
var errReadOnly = errors.New("this explorer answers only GET")
