package web

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/clip/preprocess"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/drift/stream"
	"github.com/facet-clip/facet/internal/foreign"
)

// Streams are the watched streams that are served.
type Streams struct {
	// Streams are they, in the order in which their stores were given.
	Streams []Stream `json:"streams"`
}

// Stream is a stream of images that facet drift watch compares with a profile.
type Stream struct {
	// Name is how requests call it: the last part of its store's address, and of a group its name behind a slash, as in gate/north.
	Name string `json:"name"`
	// Profile is the name of the profile.
	Profile string `json:"profile"`
	// ProfileImages is how many images the profile is of.
	ProfileImages int `json:"profile_images"`
	// Watched are the texts of the profile.
	Watched []string `json:"watched"`
	// Rule says what makes a window: so many images, or so much time.
	Rule string `json:"window_rule"`
	// Budget is the chance of any false alert over the whole stream, at most; that of a group is its share of that of all groups.
	Budget float64 `json:"budget"`
	// Guarantee is arl where the budget is 1 over the windows between false alerts instead. It is absent where it is not.
	Guarantee string `json:"guarantee,omitempty"`
	// Images is how many were counted, in windows and waiting.
	Images int64 `json:"images"`
	// Waiting is how many of them are in a window that is still open.
	Waiting int64 `json:"waiting"`
	// Unreadable is how many pictures could not be read.
	Unreadable int64 `json:"unreadable"`
	// Windows is how many are closed.
	Windows int64 `json:"windows"`
	// Alerts is how many were raised.
	Alerts int64 `json:"alerts"`
}

// StreamWindows are some windows of a stream.
type StreamWindows struct {
	// Stream is its name.
	Stream string `json:"stream"`
	// Count is how many windows are closed in all.
	Count int `json:"count"`
	// Windows are those asked for, the newest first.
	Windows []*answer.Window `json:"windows"`
}

// StreamAlerts are the last alerts of a stream.
type StreamAlerts struct {
	// Stream is its name.
	Stream string `json:"stream"`
	// Alerts are they, the newest first.
	Alerts []*answer.Alert `json:"alerts"`
}

// streamPixels is the most pixels of a picture of a stream, as facet drift watch has it.
const streamPixels = 50_000_000

// errStore is returned where the store of a stream cannot be read now.
var errStore = errors.New("the store of the stream cannot be read now")

// streams are the watched streams that are served.
type streams []*stream.Stream

// openStreams opens stores, each with the profile that it was made with, which the lab's model made.
func openStreams(ctx context.Context, c Config) (all streams, err error) {
	if len(c.Stores) == 0 {
		return nil, nil
	}
	sum, err := c.Lab.Model().Checkpoint().SHA256(ctx)
	if err != nil {
		return nil, err
	}
	var profiles []*stream.Profile
	for _, dir := range c.Profiles {
		p, err := stream.OpenProfile(dir)
		if err != nil {
			return nil, err
		}
		if p.Header.Model.SHA256 != sum {
			return nil, fmt.Errorf("%s: a profile of another model (%s, %.12s), expected one of %s (%.12s)", dir, p.Header.Model.Name, p.Header.Model.SHA256, c.Lab.Name(), sum)
		}
		profiles = append(profiles, p)
	}
	for _, address := range c.Stores {
		one, err := stream.Open(ctx, address, profiles, streamPixels)
		if err == nil && slices.ContainsFunc(all, func(s *stream.Stream) bool { return s.Name == one.Name }) {
			err = errors.Join(fmt.Errorf("%s: expected each store to have a name of its own, found %s twice", store.Name(address), one.Name), one.Close())
		}
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all = append(all, one)
	}
	return all, nil
}

func (all streams) close() (err error) {
	for _, s := range all {
		err = errors.Join(err, s.Close())
	}
	return err
}

// each are the streams, those of groups one by one.
func (all streams) each(ctx context.Context) (out streams, err error) {
	for _, s := range all {
		some, err := s.Each(ctx)
		if err != nil {
			return nil, ofStore(err)
		}
		out = append(out, some...)
	}
	return out, nil
}

// find is a stream by its name.
func (all streams) find(ctx context.Context, name string) (*stream.Stream, error) {
	each, err := all.each(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range each {
		if s.Name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("stream %s: %w", foreign.Quote(name), errUnknown)
}

// state says how far the streams are that an address below drift/ is about.
func (all streams) state(ctx context.Context, below string) (string, error) {
	var b strings.Builder
	each, err := all.each(ctx)
	if err != nil {
		return "", err
	}
	_, name, one := strings.Cut(below, "/")
	for _, s := range each {
		if one {
			if !strings.HasPrefix(name, s.Name+"/") {
				continue
			}
			closed, err := s.Closed(ctx)
			if err != nil {
				return "", ofStore(err)
			}
			fmt.Fprintln(&b, closed)
			continue
		}
		t, err := s.Totals(ctx)
		if err != nil {
			return "", ofStore(err)
		}
		fmt.Fprintln(&b, t)
	}
	return b.String(), nil
}

// ofStore marks an error of a store that cannot be read.
func ofStore(err error) error {
	if err == nil || errors.Is(err, store.ErrNoWindow) || errors.Is(err, stream.ErrNoPicture) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", errStore, err)
}

// InStream names a stream.
type InStream struct {
	Stream string `path:"stream" maxLength:"200" doc:"the name of a stream that is served"`
}

func (in *InStream) streamName() string { return in.Stream }

// WindowInput names a window of a stream.
type WindowInput struct {
	InStream
	Window int `path:"window" minimum:"1" maximum:"2147483647" doc:"its number, from 1"`
}

type windowsInput struct {
	InStream
	From  int  `query:"from" minimum:"0" maximum:"16777216" doc:"leave out so many of the newest"`
	Top   int  `query:"top" minimum:"0" maximum:"1000" doc:"how many windows to give; 0 is 100"`
	Brief bool `query:"brief" doc:"leave out how each window compares with the profile"`
}

type alertsInput struct {
	InStream
	Top int `query:"top" minimum:"0" maximum:"1000" doc:"how many alerts to give; 0 is 100"`
}

type driftPictureInput struct {
	WindowInput
	Alert   bool `query:"alert" doc:"a picture of the window's alert, and not of the window's own comparison"`
	Change  int  `query:"change" minimum:"0" maximum:"65536" doc:"the number of the change, from 0; the unnamed one follows those with a name"`
	Before  bool `query:"before" doc:"a picture of the profile, and not of the stream"`
	Carry   bool `query:"carry" doc:"one of the pictures of the stream that changed most, and not of those most like the change's word"`
	Picture int  `query:"picture" minimum:"0" maximum:"65536" doc:"its number, from 0"`
	Whole   bool `query:"whole" doc:"the whole picture, at most 1,024 pixels long, and not the square that the model sees"`
}

// registerDrift registers what is asked of watched streams.
func (s *Server) registerDrift(api huma.API) {
	ask(s, api, question{"streams", "/drift/streams", "The watched streams that are served", ""}, s.driftStreams)
	ask(s, api, question{"windows", "/drift/streams/{stream}/windows", "The windows of a stream, the newest first", "Each is what facet drift watch --json prints, with the last part of each picture's path."}, inStream(s, s.driftWindows))
	ask(s, api, question{"window", "/drift/streams/{stream}/windows/{window}", "A window of a stream", "What facet drift watch --json prints, with the last part of each picture's path."}, inStream(s, s.driftWindow))
	ask(s, api, question{"alerts", "/drift/streams/{stream}/alerts", "The last alerts of a stream, the newest first", "Each is an alert as facet drift watch --json prints it with its window."}, inStream(s, s.driftAlerts))
	draw(s, api, question{"drift-picture", "/drift/streams/{stream}/windows/{window}/picture", "A picture that a change of a window names", "One of the profile, or one of the stream that still has the content that was counted."}, inStream(s, s.driftPicture))
}

// inStream makes an answer of one that is given the stream.
func inStream[In interface{ streamName() string }, Out any](s *Server, answer func(context.Context, *stream.Stream, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (out Out, err error) {
		one, err := s.streams.find(ctx, in.streamName())
		if err != nil {
			return out, err
		}
		out, err = answer(ctx, one, in)
		return out, ofStore(err)
	}
}

func (s *Server) driftStreams(ctx context.Context, _ *nothing) (*Streams, error) {
	a := &Streams{Streams: []Stream{}}
	each, err := s.streams.each(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range each {
		t, err := one.Totals(ctx)
		if err != nil {
			return nil, ofStore(err)
		}
		guarantee := ""
		if one.Runs {
			guarantee = string(drift.RunLength)
		}
		a.Streams = append(a.Streams, Stream{
			Name: one.Name, Profile: one.Profile.Name, ProfileImages: one.Profile.Header.Images, Watched: append([]string{}, one.Profile.Header.Watched...), Rule: one.Rule, Budget: one.Budget, Guarantee: guarantee,
			Images: t.Images, Waiting: t.Waiting, Unreadable: t.Unreadable, Windows: t.Windows, Alerts: t.Alerts,
		})
	}
	return a, nil
}

// windowsDefault is how many windows or alerts are listed where the question does not say.
const windowsDefault = 100

func (s *Server) driftWindows(ctx context.Context, one *stream.Stream, in *windowsInput) (*StreamWindows, error) {
	count, err := one.Closed(ctx)
	if err != nil {
		return nil, err
	}
	if in.Top == 0 {
		in.Top = windowsDefault
	}
	windows, err := one.Windows(ctx, in.From, in.Top)
	if err != nil {
		return nil, err
	}
	for _, w := range windows {
		if in.Brief {
			w.Compared = nil
		}
		hideWindow(w)
	}
	return &StreamWindows{one.Name, count, windows}, nil
}

func (s *Server) driftWindow(ctx context.Context, one *stream.Stream, in *WindowInput) (*answer.Window, error) {
	w, err := one.Window(ctx, in.Window)
	if err == nil {
		hideWindow(w)
	}
	return w, err
}

func (s *Server) driftAlerts(ctx context.Context, one *stream.Stream, in *alertsInput) (*StreamAlerts, error) {
	if in.Top == 0 {
		in.Top = windowsDefault
	}
	alerts, err := one.Alerts(ctx, in.Top)
	if err != nil {
		return nil, err
	}
	for _, a := range alerts {
		hideChanges(a.Changes, a.Rest)
	}
	return &StreamAlerts{one.Name, alerts}, nil
}

func (s *Server) driftPicture(ctx context.Context, one *stream.Stream, in *driftPictureInput) (out image.Image, err error) {
	at := stream.Shown{Window: in.Window, Alert: in.Alert, Change: in.Change, Before: in.Before, Carry: in.Carry, Picture: in.Picture}
	err = one.Picture(ctx, at, func(img *image.NRGBA) error {
		if out = preprocess.Crop(img, s.lab.Model().Config.Image); in.Whole {
			out = preprocess.Within(img, longSide)
		}
		return nil
	})
	return out, err
}

// hideWindow leaves the last part of each path in a window.
func hideWindow(w *answer.Window) {
	if w.Compared != nil {
		hideChanges(w.Compared.Changes, w.Compared.Rest)
	}
	for i := range w.Alerts {
		hideChanges(w.Alerts[i].Changes, w.Alerts[i].Rest)
	}
}

func hideChanges(changes []answer.Change, rest *answer.Change) {
	for _, c := range (answer.Comparison{Changes: changes, Rest: rest}).All() {
		for _, paths := range [][]string{c.Before, c.After, c.Carry} {
			for i, path := range paths {
				if !strings.HasPrefix(path, "scenes:") {
					paths[i] = path[strings.LastIndexAny(path, `/\`)+1:]
				}
			}
		}
	}
}

type windowRow struct {
	Window   int32   `parquet:"window"`
	Images   int32   `parquet:"images"`
	First    string  `parquet:"first"`
	Last     string  `parquet:"last"`
	Followed string  `parquet:"strongest"`
	Evidence float64 `parquet:"evidence"`
	Changed  *int32  `parquet:"pairs_changed,optional"`
	Changes  string  `parquet:"changes"`
	New      string  `parquet:"alert"`
}

// windowRows are windows as a table, a row each.
func windowRows(a *StreamWindows) []windowRow {
	rows := make([]windowRow, len(a.Windows))
	for i, w := range a.Windows {
		r := windowRow{Window: int32(w.Number), Images: int32(w.Images), First: w.First.Format(time.RFC3339Nano), Last: w.Last.Format(time.RFC3339Nano)}
		if len(w.Evidence) > 0 {
			r.Followed, r.Evidence = w.Evidence[0].Followed, w.Evidence[0].Value
		}
		if w.Compared != nil {
			r.Changed, r.Changes = small(&w.Compared.Changed), w.Compared.Largest()
		}
		for _, alert := range w.Alerts {
			r.New = strings.Join(alert.New, ", ")
		}
		rows[i] = r
	}
	return rows
}
