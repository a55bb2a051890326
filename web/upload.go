package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/lab"
	"github.com/facet-clip/facet/segment"
)

// upload is a picture file that came with a request. It is never stored.
type upload struct {
	name string
	data []byte
}

type uploadKey struct{}

// errKind is returned for an upload that does not say that it is a picture.
var errKind = errors.New("expected a picture as image/…, application/octet-stream or multipart/form-data, without a Content-Encoding")

// received reads the upload of a POST before its handler runs. An upload has a place from its first byte to the end of its answer; who finds none
// is told to come again, and who sends slowly loses it.
func (s *Server) received(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if in.Method != http.MethodPost {
			next.ServeHTTP(out, in)
			return
		}
		if s.config.ReadOnly {
			s.refuse(out, in, http.StatusForbidden, errReadOnly.Error())
			return
		}
		select {
		case s.room.uploads <- struct{}{}:
		default:
			s.fail(out, in, errBusy)
			return
		}
		defer func() { <-s.room.uploads }()
		u, err := s.receive(out, in)
		if err != nil {
			s.notReceived(out, in, err)
			return
		}
		s.inTurn(next, out, in.WithContext(context.WithValue(in.Context(), uploadKey{}, u)))
	})
}

// notReceived says why an upload did not come.
func (s *Server) notReceived(out http.ResponseWriter, in *http.Request, err error) {
	out.Header().Set("Connection", "close") // what was not read is not worth reading
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errKind):
		s.refuse(out, in, http.StatusUnsupportedMediaType, err.Error())
	case errors.As(err, &large):
		s.refuse(out, in, http.StatusRequestEntityTooLarge, fmt.Sprintf("the upload has more than %d bytes", large.Limit))
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.refuse(out, in, http.StatusRequestTimeout, "the upload did not come in time")
	default:
		s.refuse(out, in, http.StatusBadRequest, "the upload did not come whole")
	}
}

// receive reads an upload: a body that is a picture, or the first file of a form.
func (s *Server) receive(out http.ResponseWriter, in *http.Request) (upload, error) {
	kind, parameters, err := mime.ParseMediaType(in.Header.Get("Content-Type"))
	isForm := kind == "multipart/form-data" && parameters["boundary"] != ""
	coding := in.Header.Get("Content-Encoding")
	if err != nil || !isForm && kind != "application/octet-stream" && !strings.HasPrefix(kind, "image/") || coding != "" && !strings.EqualFold(coding, "identity") {
		return upload{}, errKind
	}
	if in.ContentLength > s.limits.body {
		return upload{}, &http.MaxBytesError{Limit: s.limits.body}
	}
	deadline := http.NewResponseController(out).SetReadDeadline
	defer deadline(time.Time{})
	body := &slow{body: http.MaxBytesReader(out, in.Body, s.limits.body), deadline: deadline, limits: s.limits, began: time.Now()}
	if isForm {
		return formFile(multipart.NewReader(body, parameters["boundary"]))
	}
	data, err := io.ReadAll(body)
	return upload{uploadName(in.URL.Query().Get("name")), data}, err
}

// formFile is the first file of a form, which is read to its end.
func formFile(form *multipart.Reader) (u upload, err error) {
	found := false
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) && found {
			return u, nil
		}
		if err != nil {
			return u, err
		}
		if found || part.FileName() == "" {
			continue
		}
		u.name, found = uploadName(part.FileName()), true
		if u.data, err = io.ReadAll(part); err != nil {
			return u, err
		}
	}
}

// slow reads a body that must come at a rate, with some grace.
type slow struct {
	body     io.Reader
	deadline func(time.Time) error
	limits   limits
	began    time.Time
	read     int64
}

func (r *slow) Read(into []byte) (int, error) {
	r.deadline(r.began.Add(r.limits.grace + time.Duration(r.read)*time.Second/time.Duration(r.limits.rate)))
	n, err := r.body.Read(into)
	r.read += int64(n)
	return n, err
}

type classifyInput struct {
	Name   string   `query:"name" maxLength:"200" doc:"what the picture is called; a form has its own"`
	Labels []string `query:"labels,explode" maxItems:"1000" doc:"what is told apart: labels=a cat&labels=a dog"`
	Top    int      `query:"top" minimum:"0" maximum:"1000" doc:"how many labels to give; 0 is 5"`
	Why    string   `query:"why" maxLength:"200" doc:"say what speaks for the first label rather than for another, word by word: second, or one of the labels"`
	Bank   string   `query:"bank" maxLength:"200" doc:"with why, a bank that names the pairs"`
	Atlas  string   `query:"atlas" maxLength:"200" doc:"with why, an atlas whose labels name the pairs"`
}

type explainUploadInput struct {
	ExplainInput
	Name  string `query:"name" maxLength:"200" doc:"what the picture is called; a form has its own"`
	Atlas string `query:"atlas" maxLength:"200" doc:"an atlas whose labels name the pairs"`
	Whole bool   `query:"whole" doc:"the whole picture and not the square in the middle"`
}

type embedInput struct {
	Name string `query:"name" maxLength:"200" doc:"what the picture is called; a form has its own"`
}

type segmentInput struct {
	Name      string   `query:"name" maxLength:"200" doc:"what the picture is called; a form has its own"`
	Classes   []string `query:"classes,explode" maxItems:"200" doc:"what the picture is divided into: classes=a cat&classes=grass"`
	Threshold float64  `query:"threshold" minimum:"0" maximum:"1" doc:"the probability below which a pixel is background; 0: there is no threshold"`
	Why       string   `query:"why" maxLength:"60" doc:"a region LEFT,TOP,RIGHT,BOTTOM in pixels: the answer names the pairs behind it"`
	Top       int      `query:"top" minimum:"0" maximum:"1000" doc:"how many of them; 0 is 10"`
}

// registerUploads registers what is asked of a picture that comes with the request.
func (s *Server) registerUploads(api huma.API) {
	post(s, api, question{"explain", "/explain", "Which pairs made the embedding of a picture, or its logit for a text", "What facet explain --json prints."}, s.explainUpload)
	post(s, api, question{"classify", "/classify", "Which of some labels fit a picture", "What facet classify --json prints."}, s.classifyUpload)
	post(s, api, question{"embed", "/embed", "The embedding of a picture", "What facet embed --json prints."}, s.embedUpload)
	post(s, api, question{"segment", "/segment", "What each pixel of a picture shows", "What facet segment --json prints."}, s.segmentUpload)
	op := question{"overlay", "/segment/overlay", "A picture with its segments in colours over it", ""}.upload()
	op.Responses = pngResponse()
	huma.Register(api, op, func(ctx context.Context, in *segmentInput) (*picture, error) {
		var img image.Image
		_, err := s.segmented(ctx, in, func(one *lab.Segmented) { img = one.Overlay() })
		if err != nil {
			return nil, s.failed(ctx, ofUpload(err))
		}
		return pngOf(img)
	})
}

// upload is an operation that takes a picture.
func (q question) upload() huma.Operation {
	op := q.operation(http.MethodPost)
	op.Errors = append(op.Errors, http.StatusForbidden, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"picture": binary}, Required: []string{"picture"}}
	op.RequestBody = &huma.RequestBody{Description: "A picture file: JPEG, PNG, GIF, BMP, TIFF or WebP, of 20 MiB at most.", Content: map[string]*huma.MediaType{
		"image/*": {Schema: binary}, "application/octet-stream": {Schema: binary}, "multipart/form-data": {Schema: form},
	}}
	return op
}

// post registers a question about an upload.
func post[In, Out any](s *Server, api huma.API, q question, answer func(context.Context, *In) (Out, error)) {
	op := q.upload()
	responses(api, &op, *new(Out))
	huma.Register(api, op, func(ctx context.Context, in *In) (*result[Out], error) {
		a, err := answer(ctx, in)
		if err != nil {
			return nil, s.failed(ctx, ofUpload(err))
		}
		return inForm(ctx, a)
	})
}

// ofUpload marks an error about a picture that cannot be read: it is the upload, whose reason concerns who sent it.
func ofUpload(err error) error {
	if errors.Is(err, dataset.ErrUnreadable) {
		return fmt.Errorf("%w: %w", errUpload, err)
	}
	return err
}

func uploadOf(ctx context.Context) upload { return ctx.Value(uploadKey{}).(upload) }

func (s *Server) explainUpload(ctx context.Context, in *explainUploadInput) (*answer.Explanation, error) {
	dir, err := s.shelf(ctx).optionalAtlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	q, err := s.explainQuestion(ctx, in.ExplainInput, dir)
	if err == nil {
		err = s.against(ctx, &q, in.ExplainInput, dir)
	}
	if err != nil {
		return nil, err
	}
	u := uploadOf(ctx)
	q.Picture, q.Data, q.Whole = u.name, u.data, in.Whole
	return s.explain(ctx, q)
}

func (s *Server) classifyUpload(ctx context.Context, in *classifyInput) (*answer.Classification, error) {
	dir, err := s.shelf(ctx).optionalAtlas(in.Atlas)
	if err != nil {
		return nil, err
	}
	bank, err := s.labelBank(ctx, Words{Bank: in.Bank})
	if err != nil {
		return nil, err
	}
	a, err := s.lab.Classify(ctx, lab.Classify{Input: inputOf(ctx), Labels: in.Labels, Top: in.Top, Why: in.Why, Bank: bank, Atlas: dir})
	return hidden(ctx, s, a, err)
}

func (s *Server) embedUpload(ctx context.Context, _ *embedInput) (*answer.Embeddings, error) {
	a, err := s.lab.Embed(ctx, lab.Embed{Input: inputOf(ctx)})
	return hidden(ctx, s, a, err)
}

func inputOf(ctx context.Context) lab.Input {
	u := uploadOf(ctx)
	return lab.Input{Contents: []lab.Content{{Name: u.name, Data: u.data}}}
}

func (s *Server) segmentUpload(ctx context.Context, in *segmentInput) (*answer.Segmentation, error) {
	return s.segmented(ctx, in, func(*lab.Segmented) {})
}

// segmented segments the upload and has it used.
func (s *Server) segmented(ctx context.Context, in *segmentInput, use func(*lab.Segmented)) (*answer.Segmentation, error) {
	region, err := regionOf(in.Why)
	if err != nil {
		return nil, err
	}
	q := lab.Segment{Why: region, Top: in.Top}
	q.Threshold = in.Threshold
	for _, name := range in.Classes {
		q.Classes = append(q.Classes, segment.Class{Name: name, Texts: []string{name}})
	}
	if q.Bank, err = s.shelf(ctx).bank(""); err != nil {
		return nil, err
	}
	prepared, err := s.lab.Segment(ctx, q)
	if err != nil {
		return nil, err
	}
	u, a := uploadOf(ctx), prepared.Head
	err = prepared.Content(ctx, u.name, u.data, func(one *lab.Segmented) error {
		a.Images = append(a.Images, one.Answer)
		use(one)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return hidden(ctx, s, &a, nil)
}

// regionOf reads LEFT,TOP,RIGHT,BOTTOM; nothing is no region.
func regionOf(text string) (image.Rectangle, error) {
	var r image.Rectangle
	if text == "" {
		return r, nil
	}
	var rest string
	n, _ := fmt.Fscanf(bytes.NewReader([]byte(text+"\n")), "%d,%d,%d,%d%s\n", &r.Min.X, &r.Min.Y, &r.Max.X, &r.Max.Y, &rest)
	if n != 4 || r.Empty() || r.Min.X < 0 || r.Min.Y < 0 {
		return r, &lab.Mistake{Field: "why", Problem: fmt.Errorf("expected a region LEFT,TOP,RIGHT,BOTTOM of the picture in pixels, such as 10,20,40,60")}
	}
	return r, nil
}
