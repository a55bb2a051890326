package web

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// prefix stands before the addresses of the API.
const prefix = "/api/v1"

// encode writes JSON as facet --json does: two spaces, a line end, < and & as they are.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// register puts the addresses of the API on a mux. /api/openapi.json describes them; nothing is loaded from elsewhere to show it.
func (s *Server) register(mux *http.ServeMux) {
	format := huma.Format{Marshal: encode, Unmarshal: json.Unmarshal}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "facet", Version: s.config.Version,
				Description: "What a CLIP-ResNet knows, neuron by neuron, head by head. An answer is what facet prints with --json, with names in place of paths.",
			},
			Components: &huma.Components{Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)},
		},
		OpenAPIPath:                  "/api/openapi",
		Formats:                      map[string]huma.Format{"application/json": format, "json": format}, // the second: of problem+json
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
	maps.Copy(config.Formats, formats())
	if s.base != "" {
		config.Servers = []*huma.Server{{URL: s.base}}
	}
	if s.token != "" {
		config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
		config.Security = []map[string][]string{{"token": {}}}
	}
	mux.HandleFunc("/api/", func(out http.ResponseWriter, in *http.Request) { s.unknown(mux, out, in) })
	api := humago.New(mux, config)
	s.registerQuestions(api)
	s.registerPictures(api)
	s.registerDetails(api)
	s.registerUploads(api)
	s.registerParts(api)
	s.registerArrays(api)
	s.registerJobs(api)
	s.registerDrift(api)
	describe(api.OpenAPI())
}

// unknown answers for an address of the API that is not there, or is not there for the method.
func (s *Server) unknown(mux *http.ServeMux, out http.ResponseWriter, in *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		other := in.Clone(in.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "/api/" {
			out.Header().Set("Allow", method)
			s.refuse(out, in, http.StatusMethodNotAllowed, "this address answers "+method)
			return
		}
	}
	s.refuse(out, in, http.StatusNotFound, "there is no such address: /api/openapi.json lists them")
}

// result is an answer in a form.
type result[T any] struct {
	ContentType string `header:"Content-Type"`
	Body        T
}

// question is an address of the API.
type question struct {
	id, path, summary, description string
}

// ask registers a GET whose answer is JSON.
func ask[In, Out any](s *Server, api huma.API, q question, answer func(context.Context, *In) (Out, error)) {
	op := q.operation(http.MethodGet)
	responses(api, &op, *new(Out))
	huma.Register(api, op, func(ctx context.Context, in *In) (*result[Out], error) {
		a, err := answer(ctx, in)
		if err != nil {
			return nil, s.failed(ctx, err)
		}
		return inForm(ctx, a)
	})
}

func (q question) operation(method string) huma.Operation {
	return huma.Operation{
		OperationID: q.id, Method: method, Path: prefix + q.path, Summary: q.summary, Description: q.description,
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}
}

// optional is a number that a request may leave out.
type optional struct {
	Value int
	isSet bool
}

// Schema is that of a whole number from 0.
func (optional) Schema(r huma.Registry) *huma.Schema {
	schema, least := huma.SchemaFromType(r, reflect.TypeFor[int]()), 0.0
	schema.Minimum = &least
	return schema
}

// Receiver is where huma puts the number.
func (o *optional) Receiver() reflect.Value { return reflect.ValueOf(o).Elem().Field(0) }

// OnParamSet is told whether there is one.
func (o *optional) OnParamSet(isSet bool, _ any) { o.isSet = isSet }

// pointer is nil where there is none.
func (o optional) pointer() *int {
	if !o.isSet {
		return nil
	}
	return &o.Value
}
