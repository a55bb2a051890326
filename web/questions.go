package web

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/lab"
)

// Atlases are the atlases that are served.
type Atlases struct {
	// Atlases are they, in the order in which they were given.
	Atlases []Atlas `json:"atlases"`
}

// Atlas is an atlas that is served.
type Atlas struct {
	// Name is how requests call it.
	Name string `json:"name"`
	// Digest is the SHA-256 of what is in it.
	Digest string `json:"digest"`
	// Images is how many it is of.
	Images int `json:"images"`
	// Labelled is how many pairs have names in it; null where it keeps no labels.
	Labelled *AtlasLabels `json:"labels"`
	// Scalars tells that it keeps the scalars of every image.
	Scalars bool `json:"scalars"`
}

// AtlasLabels say how the pairs of an atlas were named.
type AtlasLabels struct {
	// Texts is how many texts there were to choose from.
	Texts int `json:"texts"`
	// Method is how they were chosen.
	Method string `json:"method"`
	// Units says which pairs have names.
	Units string `json:"units"`
}

// AtlasImages are some images of an atlas.
type AtlasImages struct {
	// Atlas is its name.
	Atlas string `json:"atlas"`
	// Count is how many images it has in all.
	Count int `json:"count"`
	// Images are those asked for.
	Images []AtlasImage `json:"images"`
}

// AtlasImage is an image of an atlas.
type AtlasImage struct {
	// Image is its number, from 0.
	Image int `json:"image"`
	// Path is where it lies in its dataset.
	Path string `json:"path"`
	// Label is its class, where it has one.
	Label string `json:"label,omitempty"`
	// Group is what it belongs to, where that is known.
	Group string `json:"group,omitempty"`
	// Truth is what else the dataset says of it.
	Truth string `json:"truth,omitempty"`
	// Time is when it was taken, where that is known.
	Time *time.Time `json:"time,omitempty"`
}

// Words are the parameters of questions that name directions.
type Words struct {
	Bank     string `query:"bank" maxLength:"200" doc:"a bank that is served; without it the first, or the demo world's words"`
	Truncate bool   `query:"truncate" doc:"cut texts that are too long instead of refusing them"`
}

// InAtlas names the atlas of a question. It is exported because huma passes over what is embedded and is not.
type InAtlas struct {
	Atlas string `path:"atlas" maxLength:"200" doc:"the name of an atlas that is served"`
}

func (in *InAtlas) atlasName() string { return in.Atlas }

// inAtlas makes an answer of one that is given the folder of the atlas.
func inAtlas[In interface{ atlasName() string }, Out any](s *Server, answer func(context.Context, string, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (out Out, err error) {
		dir, err := s.shelf(ctx).atlas(in.atlasName())
		if err != nil {
			return out, err
		}
		return answer(ctx, dir, in)
	}
}

type searchInput struct {
	Words
	Text     string `query:"text" maxLength:"2000" doc:"what to search for"`
	Unit     string `query:"unit" doc:"what is ranked: pair, neuron or head"`
	Atlas    string `query:"atlas" maxLength:"200" doc:"an atlas that says how much each pair is used, and how it is named"`
	NoCenter bool   `query:"no_center" doc:"take the text as it is, without taking the mean of the bank off"`
	Top      int    `query:"top" minimum:"0" maximum:"1000" doc:"how many units to give; 0 is 20"`
}

type nearestInput struct {
	Words
	Pair string `path:"pair" maxLength:"40" doc:"NEURON,HEAD such as 12,3"`
	Top  int    `query:"top" minimum:"0" maximum:"1000" doc:"how many texts to give; 0 is 20"`
}

type pairsInput struct {
	InAtlas
	Words
	Neuron optional `query:"neuron" doc:"only the pairs of this neuron"`
	Head   optional `query:"head" doc:"only the pairs of this head"`
	Sort   string   `query:"sort" doc:"norm (what the model uses them for, most first), mean or poly"`
	From   int      `query:"from" minimum:"0" maximum:"16777216" doc:"leave out so many of the first"`
	Top    int      `query:"top" minimum:"0" maximum:"1000" doc:"how many pairs to give; 0 is 20"`
}

type neuronInput struct {
	InAtlas
	Words
	Neuron    int  `path:"neuron" minimum:"0"`
	Pairs     int  `query:"pairs" minimum:"0" maximum:"1000" doc:"how many of its pairs to show; 0 is 4"`
	Images    int  `query:"images" minimum:"0" maximum:"50" doc:"how many images of each unit to show; 0 is 5"`
	Reference bool `query:"reference" doc:"rank images by contributions that are not centred, as the reference code does"`
}

type imagesInput struct {
	InAtlas
	From int `query:"from" minimum:"0" maximum:"16777216" doc:"leave out so many of the first"`
	Top  int `query:"top" minimum:"0" maximum:"1000" doc:"how many images to give; 0 is 100"`
}

type nothing struct{}

// registerQuestions registers what is answered without a picture.
func (s *Server) registerQuestions(api huma.API) {
	ask(s, api, question{"model", "/model", "Which model answers", ""}, s.model)
	ask(s, api, question{"atlases", "/atlases", "The atlases that are served", ""}, s.atlases)
	ask(s, api, question{"search", "/search", "The units whose direction is most like a text", "What facet search --json prints."}, s.search)
	ask(s, api, question{"nearest", "/pairs/{pair}/nearest", "The texts most like the direction of a pair", "What facet nearest --json prints."}, s.nearest)
	ask(s, api, question{"pairs", "/atlases/{atlas}/pairs", "What pairs did in a dataset", "What facet pairs --json prints; from goes on where an answer ended."}, inAtlas(s, s.pairs))
	ask(s, api, question{"neuron", "/atlases/{atlas}/neurons/{neuron}", "What a neuron and its strongest pairs stand for",
		"What facet neuron --json prints, but that path is that of the picture in its dataset; image is its number, by which it is served."}, inAtlas(s, s.neuron))
	ask(s, api, question{"images", "/atlases/{atlas}/images", "The images of an atlas", ""}, inAtlas(s, s.images))
}

func (s *Server) model(ctx context.Context, _ *nothing) (*answer.Model, error) {
	m, err := s.lab.Describe(ctx)
	return hidden(ctx, s, &m, err)
}

// hidden is an answer without paths.
func hidden[T any](ctx context.Context, s *Server, a *T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return a, s.shelf(ctx).hide(a)
}

func (s *Server) atlases(ctx context.Context, _ *nothing) (*Atlases, error) {
	all := &Atlases{Atlases: []Atlas{}}
	for _, i := range s.shelf(ctx).atlases {
		state, err := s.lab.AtlasState(ctx, i.path)
		if err != nil {
			return nil, err
		}
		m := state.Manifest
		a := Atlas{Name: i.name, Digest: state.Digest, Images: m.Images, Scalars: m.Options.KeepScalars}
		if l := m.Labels; l != nil {
			a.Labelled = &AtlasLabels{l.Texts, l.Method, l.Units}
		}
		all.Atlases = append(all.Atlases, a)
	}
	return all, nil
}

func (s *Server) search(ctx context.Context, in *searchInput) (*answer.Search, error) {
	dir, err := s.shelf(ctx).optionalAtlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	bank, err := s.shelf(ctx).bank(in.Bank)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Search(ctx, lab.Search{Text: in.Text, Unit: in.Unit, Bank: bank, Atlas: dir, NoCenter: in.NoCenter, Truncate: in.Truncate, Top: in.Top})
	return hidden(ctx, s, a, err)
}

func (s *Server) nearest(ctx context.Context, in *nearestInput) (*answer.Nearest, error) {
	pair, err := lab.ParsePair(in.Pair)
	if err != nil {
		return nil, err
	}
	bank, err := s.shelf(ctx).bank(in.Bank)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Nearest(ctx, lab.Nearest{Pair: pair, Bank: bank, Truncate: in.Truncate, Top: in.Top})
	return hidden(ctx, s, a, err)
}

// labelBank is the bank that names pairs of an atlas: where none is asked for, the atlas' own labels do.
func (s *Server) labelBank(ctx context.Context, w Words) (string, error) {
	if w.Bank == "" {
		return "", nil
	}
	return s.shelf(ctx).bank(w.Bank)
}

func (s *Server) pairs(ctx context.Context, dir string, in *pairsInput) (*answer.Pairs, error) {
	bank, err := s.labelBank(ctx, in.Words)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Pairs(ctx, lab.Pairs{
		Atlas: dir, Neuron: in.Neuron.pointer(), Head: in.Head.pointer(), Sort: in.Sort, Bank: bank, Truncate: in.Truncate, Skip: in.From, Top: in.Top,
	})
	return hidden(ctx, s, a, err)
}

func (s *Server) neuron(ctx context.Context, dir string, in *neuronInput) (*answer.Neuron, error) {
	bank, err := s.labelBank(ctx, in.Words)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Neuron(ctx, lab.Neuron{
		Atlas: dir, Neuron: in.Neuron, Bank: bank, Reference: in.Reference, Pairs: in.Pairs, Images: in.Images, Truncate: in.Truncate,
	})
	if err != nil {
		return nil, err
	}
	return a, s.shelf(ctx).hideNeuron(ctx, a, dir)
}

// imagesDefault is how many images are listed where the question does not say.
const imagesDefault = 100

func (s *Server) images(ctx context.Context, dir string, in *imagesInput) (*AtlasImages, error) {
	rows, err := s.lab.AtlasImages(ctx, dir)
	if err != nil {
		return nil, err
	}
	top := in.Top
	if top == 0 {
		top = imagesDefault
	}
	a := &AtlasImages{Atlas: in.Atlas, Count: len(rows), Images: []AtlasImage{}}
	for i := in.From; i < min(in.From+top, len(rows)); i++ {
		r := rows[i]
		img := AtlasImage{Image: i, Path: r.Name, Label: r.Label, Group: r.Group, Truth: r.Truth}
		if !r.Time.IsZero() {
			img.Time = &r.Time
		}
		a.Images = append(a.Images, img)
	}
	return a, nil
}
