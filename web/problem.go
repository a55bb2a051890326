package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/facet-clip/facet/atlas"
	"github.com/facet-clip/facet/clip"
	"github.com/facet-clip/facet/clip/tokenizer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/drift/stream"
	"github.com/facet-clip/facet/internal/foreign"
	"github.com/facet-clip/facet/lab"
)

// errUnknown is returned where a name or a number of a request is of nothing that is served.
var errUnknown = errors.New("there is none of that name")

// errUpload is returned for an upload that did not come whole, or holds no picture that can be read.
var errUpload = errors.New("the upload cannot be read")

// problem says what went wrong, as far as it concerns who asked, with a status. What it does not say is for the log.
func problem(err error) (status int, told string) {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, lab.ErrQuestion):
		return http.StatusBadRequest, err.Error()
	case errors.Is(err, tokenizer.ErrTooLong):
		return http.StatusBadRequest, "a text is too long for the model: expected a shorter one, or truncate=true"
	case errors.Is(err, errUnknown), errors.Is(err, lab.ErrNoImage), errors.Is(err, store.ErrNoWindow):
		return http.StatusNotFound, err.Error()
	case errors.Is(err, atlas.ErrNoPicture):
		return http.StatusNotFound, atlas.ErrNoPicture.Error()
	case errors.Is(err, stream.ErrNoPicture):
		return http.StatusNotFound, stream.ErrNoPicture.Error()
	case errors.Is(err, atlas.ErrNoLabels):
		return http.StatusConflict, atlas.ErrNoLabels.Error() + ": name a bank, or make labels with facet label"
	case errors.Is(err, atlas.ErrNoScalars):
		return http.StatusConflict, atlas.ErrNoScalars.Error()
	case errors.Is(err, lab.ErrOtherTexts):
		return http.StatusConflict, lab.ErrOtherTexts.Error()
	case errors.Is(err, errNoAnswer):
		return http.StatusConflict, errNoAnswer.Error()
	case errors.Is(err, clip.ErrNoText):
		return http.StatusConflict, clip.ErrNoText.Error()
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, "the upload is too large"
	case errors.Is(err, dataset.ErrTooLarge):
		return http.StatusRequestEntityTooLarge, "the picture has too many pixels"
	case errors.Is(err, dataset.ErrFormat):
		return http.StatusUnsupportedMediaType, dataset.ErrFormat.Error()
	case errors.Is(err, errUpload):
		return http.StatusUnprocessableEntity, err.Error()
	case errors.Is(err, errStore):
		return http.StatusServiceUnavailable, errStore.Error()
	case errors.Is(err, errBusy), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, clip.ErrClosed):
		return http.StatusServiceUnavailable, errBusy.Error()
	}
	return http.StatusInternalServerError, "facet could not answer: the reason is in its log"
}

// retryAfter is how many seconds who is told to come again should wait.
const retryAfter = "2"

// failed makes a problem of an error for the API, and logs what it does not say.
func (s *Server) failed(ctx context.Context, err error) error {
	status, told := problem(err)
	s.tellLog(ctx, status, err)
	p := huma.NewError(status, foreign.Message(told))
	if status == http.StatusServiceUnavailable {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {retryAfter}})
	}
	return p
}

func (s *Server) tellLog(ctx context.Context, status int, err error) {
	level := slog.LevelDebug
	if status == http.StatusInternalServerError || errors.Is(err, errStore) {
		level = slog.LevelError
	}
	s.log.Log(ctx, level, "a question could not be answered", "status", status, "reason", err)
}

// fail answers a request with what an error says of it.
func (s *Server) fail(out http.ResponseWriter, in *http.Request, err error) {
	status, told := problem(err)
	s.tellLog(in.Context(), status, err)
	if status == http.StatusServiceUnavailable {
		out.Header().Set("Retry-After", retryAfter)
	}
	s.refuse(out, in, status, told)
}

// refuse answers a request with a problem: as JSON for programs, as a page for people.
func (s *Server) refuse(out http.ResponseWriter, in *http.Request, status int, told string) {
	told = foreign.Message(told)
	out.Header().Set("Cache-Control", "no-store")
	if !s.isAPI(in) && strings.Contains(in.Header.Get("Accept"), "text/html") {
		s.problemPage(out, in, status, told)
		return
	}
	data, err := json.Marshal(huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: told})
	if err != nil { // it holds two texts and a number
		panic(err)
	}
	out.Header().Set("Content-Type", "application/problem+json")
	out.WriteHeader(status)
	out.Write(data)
}
