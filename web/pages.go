package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// ui holds what people see: ui/templates are the pages, ui/static their style and scripts.
//
//go:embed ui
var ui embed.FS

// page is what a template is given.
type page struct {
	Base  string // before every address
	Nonce string // of scripts and styles
	Path  string // of the page, without Base
	Title string
	Links []siteLink
	Job   string // that makes the whole atlas; empty: none does
	Data  any
}

// siteLink is a link that stands on every page.
type siteLink struct {
	Page, Text string
	Current    bool
}

// links are those of the pages that people begin with.
func (s *Server) links(path string) []siteLink {
	var all []siteLink
	for _, l := range []siteLink{{Page: "search", Text: "Search"}, {Page: "picture", Text: "Picture"}, {Page: "workbench", Text: "Workbench"}, {Page: "compare", Text: "Compare"}, {Page: "drift", Text: "Drift"}} {
		l.Current = path == "/"+l.Page
		all = append(all, l)
	}
	return all
}

// view is a page: its template, and what that is given.
type view struct {
	pattern, template, title string
	data                     func(context.Context, *http.Request) (any, error)
}

// views are the pages, each at its permanent address. A template defines "content" and stands in the frame of layout.html.
func (s *Server) views() []view {
	return []view{
		{"GET /{$}", "overview.html", "Overview", s.overview},
		{"GET /search", "search.html", "Search", noData},
		{"GET /pair", "pair.html", "Pair", noData},
		{"GET /neuron", "neuron.html", "Neuron", noData},
		{"GET /head", "head.html", "Head", noData},
		{"GET /workbench", "workbench.html", "Workbench", noData},
		{"GET /compare", "compare.html", "Compare", noData},
		{"GET /drift", "drift.html", "Drift", noData},
		{"GET /picture", "picture.html", "Picture", noData},
	}
}

// noData is what a page is given whose script asks the API.
func noData(context.Context, *http.Request) (any, error) { return nil, nil }

// overviewData is what the first page shows.
type overviewData struct {
	Model   any
	Atlases []Atlas
}

func (s *Server) overview(ctx context.Context, _ *http.Request) (any, error) {
	m, err := s.model(ctx, nil)
	if err != nil {
		return nil, err
	}
	all, err := s.atlases(ctx, nil)
	if err != nil {
		return nil, err
	}
	return overviewData{m, all.Atlases}, nil
}

// pages puts pages and static files on a mux.
func (s *Server) pages(mux *http.ServeMux) {
	for _, v := range s.views() {
		t := s.template(v.template)
		mux.Handle(v.pattern, s.limited(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
			data, err := v.data(in.Context(), in)
			if err != nil {
				s.fail(out, in, err)
				return
			}
			s.show(out, in, t, http.StatusOK, page{Title: v.title, Data: data})
		})))
	}
	mux.HandleFunc("GET /static/{file...}", s.static)
	mux.HandleFunc("/", func(out http.ResponseWriter, in *http.Request) {
		s.refuse(out, in, http.StatusNotFound, "there is no such page")
	})
}

// template is a page in the frame. A mistake in one is a mistake in the program.
func (s *Server) template(name string) *template.Template {
	functions := template.FuncMap{"link": s.link, "static": s.staticLink}
	return template.Must(template.New("layout.html").Funcs(functions).ParseFS(ui, "ui/templates/layout.html", "ui/templates/"+name))
}

// link is an address of the explorer whose parts are escaped: link "atlases" .Name "pairs".
func (s *Server) link(parts ...any) string {
	var b strings.Builder
	b.WriteString(s.base)
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(fmt.Sprint(p)))
	}
	if len(parts) == 0 {
		b.WriteString("/")
	}
	return b.String()
}

// show writes a page. Its scripts and styles are those of the explorer, or have the nonce of this answer; nothing is loaded from elsewhere.
func (s *Server) show(out http.ResponseWriter, in *http.Request, t *template.Template, status int, p page) {
	p.Base, p.Nonce, p.Path = s.base, rand.Text(), in.URL.Path
	p.Links, p.Job = s.links(p.Path), s.jobs.underWay(jobAtlas)
	var body bytes.Buffer
	if err := t.Execute(&body, p); err != nil {
		s.log.Error("a page could not be made", "page", t.Name(), "reason", err)
		http.Error(out, "facet could not make this page: the reason is in its log", http.StatusInternalServerError)
		return
	}
	h := out.Header()
	h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src 'self' 'nonce-%s'; style-src 'self' 'nonce-%[1]s'; img-src 'self' blob: data:; "+
		"connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", p.Nonce))
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "private, no-cache")
	out.WriteHeader(status)
	out.Write(body.Bytes())
}

// problemPage is a problem for people.
func (s *Server) problemPage(out http.ResponseWriter, in *http.Request, status int, told string) {
	s.show(out, in, s.template("problem.html"), status, page{Title: http.StatusText(status), Data: told})
}

// staticLink is the address of a static file, which changes when the file does: browsers keep it for long.
func (s *Server) staticLink(name string) (string, error) {
	data, err := ui.ReadFile("ui/static/" + name)
	if err != nil {
		return "", err
	}
	return s.base + "/static/" + name + "?v=" + tagOf(data), nil
}

func tagOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

// static gives a file of ui/static.
func (s *Server) static(out http.ResponseWriter, in *http.Request) {
	name := in.PathValue("file")
	if !fs.ValidPath(name) {
		s.refuse(out, in, http.StatusNotFound, "there is no such file")
		return
	}
	data, err := ui.ReadFile("ui/static/" + name)
	if err != nil {
		s.refuse(out, in, http.StatusNotFound, "there is no such file")
		return
	}
	h := out.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("ETag", `"`+tagOf(data)+`"`)
	h.Set("Cache-Control", "private, no-cache")
	if in.URL.Query().Get("v") == tagOf(data) {
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
	}
	http.ServeContent(out, in, name, time.Time{}, bytes.NewReader(data))
}

// contentType goes by the ending, and not by what the machine knows of endings.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	default:
		if t := mime.TypeByExtension(ext); t != "" {
			return t
		}
	}
	return "application/octet-stream"
}
