// Package stream reads a watched stream: the profile that it is compared with, and the store that watchers write into. It changes neither.
//
// Pictures are those that an answer names, and no others. One of the profile is in its sample. One of the stream has the content that was counted
// under its name: who posts a picture gives it a name, and could give it that of any file on the machine.
package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/dataset"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/metrics"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/drift/record"
	"github.com/facet-clip/facet/drift/store"
)

var (
	// ErrOther is returned for a store that was made with another profile than those at hand.
	ErrOther = errors.New("the store was made with another profile")
	// ErrNoPicture is returned for a picture that no answer names, that is not there any longer, or that is not what was counted.
	ErrNoPicture = errors.New("there is no such picture, or it is no longer where it was")
)

// Profile is the profile of a stream.
type Profile struct {
	Name   string // the last part of its path
	SHA256 string // of its header
	Header profile.Header
}

// OpenProfile reads what a profile says of itself.
func OpenProfile(dir string) (*Profile, error) {
	h, err := profile.ReadHeader(dir)
	if err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	sum, err := profile.Fingerprint(dir)
	return &Profile{filepath.Base(abs), sum, h}, err
}

// Stream is a stream that is read.
type Stream struct {
	Name    string // of a group: that of the store and of the group, as in gate/north
	Profile *Profile
	Rule    string  // of its windows: "200 images" or "1h0m0s"
	Budget  float64 // the chance of any false alarm over the whole stream, at most
	Runs    bool    // the budget is 1 over the windows between false alerts instead
	store   *store.Store
	decoder *dataset.Decoder
	groups  bool // each group is a stream of its own
}

// Open opens the store at an address, whose profile is one of those given. Pictures have at most so many pixels.
func Open(ctx context.Context, address string, profiles []*Profile, pixels int64) (*Stream, error) {
	s, err := store.Look(ctx, address)
	if err != nil {
		return nil, err
	}
	out := &Stream{Name: name(address), store: s}
	if err := out.bind(ctx, profiles); err != nil {
		return nil, errors.Join(fmt.Errorf("store %s: %w", store.Name(address), err), s.Close())
	}
	out.decoder = dataset.NewDecoder(pixels).Rotating(out.Profile.Header.ExifRotate)
	return out, nil
}

// bind finds the profile that the store was made with.
func (s *Stream) bind(ctx context.Context, profiles []*Profile) error {
	text, err := s.store.Settings(ctx)
	if err != nil {
		return err
	}
	var settings struct {
		Profile string          `json:"profile_sha256"`
		Window  string          `json:"window"`
		Budget  float64         `json:"budget"`
		Bounds  drift.Guarantee `json:"guarantee"`
		Groups  bool            `json:"per_group"`
	}
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return fmt.Errorf("its settings: %w", err)
	}
	s.Rule, s.Budget, s.Runs = settings.Window, settings.Budget, settings.Bounds == drift.RunLength
	s.groups = settings.Groups
	for _, p := range profiles {
		if p.SHA256 == settings.Profile {
			s.Profile = p
			return nil
		}
	}
	return fmt.Errorf("%w: its SHA-256 is %.12s…", ErrOther, settings.Profile)
}

// name is what a store is called: the last part of its path, or the database.
func name(address string) string {
	address = store.Name(address)
	if strings.Contains(address, "://") {
		address, _, _ = strings.Cut(address, "?")
	} else if abs, err := filepath.Abs(address); err == nil {
		address = filepath.ToSlash(abs)
	}
	address = strings.TrimRight(address, "/")
	return strings.TrimSuffix(address[strings.LastIndex(address, "/")+1:], ".db")
}

// Each are the streams of the groups that have turned up so far, in their order, each with its share of the budget; where the stream is followed as a
// whole, it is the only one. They are closed with it.
func (s *Stream) Each(ctx context.Context) ([]*Stream, error) {
	if !s.groups {
		return []*Stream{s}, nil
	}
	groups, err := s.store.Groups(ctx, 0)
	out := make([]*Stream, len(groups))
	for i, g := range groups {
		one := *s
		one.Name, one.Budget, one.store, one.groups = s.Name+"/"+g.Group(), s.Budget*drift.GroupShare(g.Turn()), g, false
		out[i] = &one
	}
	return out, err
}

// Close closes the store.
func (s *Stream) Close() error { return s.store.Close() }

// Metrics collect what Prometheus gets to know of the stream, with its name as the label "stream".
func (s *Stream) Metrics(log *slog.Logger) *metrics.Stream {
	return metrics.New(s.store, s.Name, s.Budget, s.groups, metrics.Unknown, log)
}

// Totals count what the store holds.
func (s *Stream) Totals(ctx context.Context) (store.Totals, error) { return s.store.Totals(ctx) }

// Closed is how many windows are closed. What was said of them does not change.
func (s *Stream) Closed(ctx context.Context) (int, error) { return s.store.Closed(ctx) }

// Windows are n windows, the newest first, after so many that are left out.
func (s *Stream) Windows(ctx context.Context, skip, n int) ([]*answer.Window, error) {
	texts, err := s.store.Page(ctx, skip, n)
	return readAll(texts, err, record.Window)
}

// Alerts are the last n alerts, the newest first.
func (s *Stream) Alerts(ctx context.Context, n int) ([]*answer.Alert, error) {
	texts, err := s.store.Alerts(ctx, n)
	return readAll(texts, err, record.Alert)
}

func readAll[T any](texts []string, err error, read func([]byte) (*T, error)) ([]*T, error) {
	if err != nil {
		return nil, err
	}
	out := make([]*T, len(texts))
	for i, text := range texts {
		if out[i], err = read([]byte(text)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Window is a window by its number; [store.ErrNoWindow]: there is none.
func (s *Stream) Window(ctx context.Context, number int) (*answer.Window, error) {
	text, err := s.store.Window(ctx, number)
	if err != nil {
		return nil, err
	}
	return record.Window([]byte(text))
}

// Shown names a picture that a window's answer names.
type Shown struct {
	Window  int  // its number
	Alert   bool // one of the window's alert, and not of the window itself
	Change  int  // the number of the change, from 0; the unnamed change follows those that have a name
	Before  bool // one of the profile, and not of the stream
	Carry   bool // one of those most changed, and not of those most like the change's word
	Picture int  // its number, from 0
}

// Picture opens a picture and has it used; [ErrNoPicture]: it cannot be shown.
func (s *Stream) Picture(ctx context.Context, at Shown, use func(*image.NRGBA) error) error {
	w, err := s.Window(ctx, at.Window)
	if err != nil {
		return err
	}
	path, ok := at.path(w)
	if !ok {
		return ErrNoPicture
	}
	profiled := at.Before && w.Reference == nil
	if profiled && !slices.Contains(s.Profile.Header.Sample, path) {
		return ErrNoPicture
	}
	c, err := dataset.ContentAt(ctx, path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoPicture, err)
	}
	if !profiled {
		if same, err := s.store.Named(ctx, c.Hash, path); err != nil || !same {
			return errors.Join(ErrNoPicture, err)
		}
	}
	return c.Decode(ctx, s.decoder, use)
}

// path is that of a picture in the answer.
func (at Shown) path(w *answer.Window) (path string, ok bool) {
	var changes []answer.Change
	switch {
	case at.Alert && len(w.Alerts) > 0:
		changes = answer.Comparison{Changes: w.Alerts[0].Changes, Rest: w.Alerts[0].Rest}.All()
	case !at.Alert && w.Compared != nil:
		changes = w.Compared.All()
	}
	if at.Change < 0 || at.Change >= len(changes) {
		return "", false
	}
	paths := changes[at.Change].After
	switch {
	case at.Before:
		paths = changes[at.Change].Before
	case at.Carry:
		paths = changes[at.Change].Carry
	}
	if at.Picture < 0 || at.Picture >= len(paths) {
		return "", false
	}
	return paths[at.Picture], true
}
