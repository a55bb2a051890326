package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/facet-clip/facet/lab"
)

// OfAtlas names the atlas of a job.
type OfAtlas struct {
	Atlas string `query:"atlas" required:"true" maxLength:"200" doc:"the name of an atlas that is served"`
}

func (in *OfAtlas) atlasName() string { return in.Atlas }

type labelInput struct {
	OfAtlas
	Words
	Units  string `query:"units" maxLength:"40" doc:"top:10% of the pairs by use, top:200, all, or NEURON,HEAD; without it top:10%"`
	Method string `query:"method" maxLength:"40" doc:"omp, nnomp or lasso; without it omp"`
	Terms  int    `query:"terms" minimum:"0" maximum:"512" doc:"how many texts a label has at most; 0 is 64"`
	Top    int    `query:"top" default:"20" minimum:"0" maximum:"1000" doc:"how many pairs the answer gives; 0 is none"`
}

// StudyInput are the parameters of the paper's studies.
type StudyInput struct {
	OfAtlas
	Unit    string   `query:"unit" maxLength:"40" doc:"pair, neuron or head; without it pair"`
	Classes []string `query:"classes,explode" maxItems:"1000" doc:"what images are told apart by; without it the labels of the atlas"`
	Means   string   `query:"means" maxLength:"200" doc:"an atlas that means, components and scores come from; without it every other image"`
}

type reconstructInput struct {
	StudyInput
	Components []int `query:"components,explode" maxItems:"20" doc:"how many components each unit keeps; without it 1, 2 and 4"`
	Reference  bool  `query:"reference" doc:"take components as the published code does"`
}

type ablateInput struct {
	StudyInput
	Percentiles []float64 `query:"percentiles,explode" maxItems:"100" doc:"the units under each percentile of the scores are held at their mean; without it 0, 50, 90, 95 and 99"`
	Strong      bool      `query:"strong" doc:"hold the units that reach a percentile instead"`
	Random      bool      `query:"random" doc:"hold as many units drawn at random beside it"`
}

type polysemanticityInput struct {
	OfAtlas
	Unit string `query:"unit" maxLength:"40" doc:"pair, neuron or head; without it pair"`
	Top  int    `query:"top" minimum:"0" maximum:"1000" doc:"how many units to give; 0 is 20"`
}

type sinkInput struct {
	OfAtlas
	Limit   int      `query:"limit" minimum:"0" maximum:"1000000" doc:"how many pictures are looked at; 0 is 500"`
	Classes []string `query:"classes,explode" maxItems:"1000" doc:"what pictures are told apart by; without it their labels"`
	Bank    string   `query:"bank" maxLength:"200" doc:"a bank that is served, which names register neurons"`
}

// registerJobKinds registers what begins jobs.
func (s *Server) registerJobKinds(api huma.API) {
	jobOf(s, api, "label", "Name the pairs of an atlas", "The names are kept in the atlas. The answer is what facet label --json prints.", inAtlas(s, s.labelJob))
	jobOf(s, api, "reconstruct", "How much of a model a few directions of each unit carry", "The answer is what facet reconstruct --json prints. It needs an atlas that keeps scalars.", s.reconstructJob)
	jobOf(s, api, "ablate", "How many units a model can do without", "The answer is what facet ablate --json prints. It needs an atlas that keeps scalars.", s.ablateJob)
	jobOf(s, api, "polysemanticity", "How many things units stand for", "The answer is what facet polysemanticity --json prints.", inAtlas(s, s.polysemanticityJob))
	jobOf(s, api, "sink", "Where the class token looks in the pictures of an atlas", "The answer is what facet sink --json prints.", inAtlas(s, s.sinkJob))
	op := question{"job-segment", "/jobs/segment", "Segment a picture, as a job", "The answer is what facet segment --json prints. A large picture takes many windows."}.upload()
	op.DefaultStatus = http.StatusAccepted
	huma.Register(api, op, func(ctx context.Context, in *segmentInput) (*result[*Job], error) {
		u := uploadOf(ctx)
		return s.begin(ctx, "segment", func(ctx context.Context) (any, error) {
			a, err := s.segmentUpload(context.WithValue(ctx, uploadKey{}, u), in)
			return a, ofUpload(err)
		})
	})
}

// jobOf registers a POST that begins a job of a kind.
func jobOf[In any](s *Server, api huma.API, kind, summary, description string, ask func(context.Context, *In) (any, error)) {
	op := question{"job-" + kind, "/jobs/" + kind, summary, description}.operation(http.MethodPost)
	op.DefaultStatus = http.StatusAccepted
	op.Errors = append(op.Errors, http.StatusForbidden)
	huma.Register(api, op, func(ctx context.Context, in *In) (*result[*Job], error) {
		return s.begin(ctx, kind, func(ctx context.Context) (any, error) { return ask(ctx, in) })
	})
}

// begin begins a job and tells of it.
func (s *Server) begin(ctx context.Context, kind string, ask func(context.Context) (any, error)) (*result[*Job], error) {
	served := s.shelf(ctx)
	one, err := s.jobs.start(s, kind, func(ctx context.Context) (any, error) { return ask(withShelf(ctx, served)) })
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return &result[*Job]{formJSON, &one}, nil
}

func (s *Server) labelJob(ctx context.Context, dir string, in *labelInput) (any, error) {
	bank, err := s.shelf(ctx).bank(in.Bank)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Label(ctx, lab.Label{Atlas: dir, Bank: bank, Units: in.Units, Method: in.Method, Terms: in.Terms, Truncate: in.Truncate, Top: in.Top})
	return hidden(ctx, s, a, err)
}

// study is the part of a question that all studies share.
func (s *Server) study(ctx context.Context, in StudyInput) (q lab.Study, err error) {
	q = lab.Study{Unit: in.Unit, Classes: in.Classes}
	if q.Atlas, err = s.shelf(ctx).atlas(in.Atlas); err != nil {
		return q, err
	}
	q.Means, err = s.shelf(ctx).optionalAtlas(in.Means)
	return q, err
}

func (s *Server) reconstructJob(ctx context.Context, in *reconstructInput) (any, error) {
	q, err := s.study(ctx, in.StudyInput)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Reconstruct(ctx, lab.Reconstruct{Study: q, Components: in.Components, Reference: in.Reference})
	return hidden(ctx, s, a, err)
}

func (s *Server) ablateJob(ctx context.Context, in *ablateInput) (any, error) {
	q, err := s.study(ctx, in.StudyInput)
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Ablate(ctx, lab.Ablate{Study: q, Percentiles: in.Percentiles, Strong: in.Strong, Random: in.Random})
	return hidden(ctx, s, a, err)
}

func (s *Server) polysemanticityJob(ctx context.Context, dir string, in *polysemanticityInput) (any, error) {
	a, err := s.lab.Polysemanticity(ctx, lab.Polysemanticity{Atlas: dir, Unit: in.Unit, Top: in.Top})
	return hidden(ctx, s, a, err)
}

func (s *Server) sinkJob(ctx context.Context, dir string, in *sinkInput) (any, error) {
	bank, err := s.labelBank(ctx, Words{Bank: in.Bank})
	if err != nil {
		return nil, err
	}
	w, err := s.lab.Sink(ctx, lab.Sink{Source: dir, Limit: in.Limit, Classes: in.Classes, Bank: bank})
	if err != nil {
		return nil, err
	}
	return hidden(ctx, s, w.Answer, nil)
}
