package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// route is an address with a number in it that makes each question a new one.
type route struct {
	name string
	at   func(i int) string // an address of question i
}

// shape is what addresses are made for.
type shape struct {
	atlas                  string
	images, neurons, heads int
}

// shapeOf asks what is served.
func (s *served) shapeOf(ctx context.Context) (sh shape, err error) {
	var m struct {
		Config struct{ Channels, Heads int }
	}
	var all struct {
		Atlases []struct {
			Name   string
			Images int
		}
	}
	for target, into := range map[string]any{"/api/v1/model": &m, "/api/v1/atlases": &all} {
		body, err := s.get(ctx, target)
		if err != nil {
			return sh, err
		}
		if err := json.Unmarshal(body, into); err != nil {
			return sh, fmt.Errorf("%s: %w", target, err)
		}
	}
	return shape{url.PathEscape(all.Atlases[0].Name), all.Atlases[0].Images, m.Config.Channels, m.Config.Heads}, nil
}

// words make texts that differ.
var words = strings.Fields("red green blue old new small large wet dry dark bright quiet loud soft hard round")

func text(i int) string {
	return url.QueryEscape(words[i%16] + " " + words[i/16%16] + " " + words[i/256%16] + " car")
}

// routes are all questions that are answered to GET.
func (sh shape) routes() []route {
	atlas := "/api/v1/atlases/" + sh.atlas
	fixed := func(target string) route { return route{target, func(int) string { return target }} }
	pair := func(i int) (neuron, head int) { return i * 31 % sh.neurons, i % sh.heads }
	return append([]route{
		fixed("/"), fixed("/search?text=a+castle"), fixed("/neuron?neuron=3"), fixed("/pair?pair=3,4"), fixed("/head?head=4"), fixed("/compare"), fixed("/picture"),
		fixed("/healthz"), fixed("/metrics"), fixed("/api/openapi.json"), fixed("/api/v1/model"), fixed("/api/v1/atlases"), fixed(atlas + "/strengths"),
		{"search", func(i int) string { return "/api/v1/search?text=" + text(i) }},
		{"search, one text, pages", func(i int) string {
			return fmt.Sprintf("/api/v1/search?text=a+castle&atlas=%s&top=%d", sh.atlas, 1+i%1000)
		}},
		{"search, neurons", func(i int) string { return "/api/v1/search?unit=neuron&text=" + text(i) }},
		{"search, heads", func(i int) string { return "/api/v1/search?unit=head&text=" + text(i) }},
		{"nearest", func(i int) string { n, h := pair(i); return fmt.Sprintf("/api/v1/pairs/%d,%d/nearest", n, h) }},
		{"pairs, pages", func(i int) string { return fmt.Sprintf("%s/pairs?from=%d", atlas, i*20%(sh.neurons*sh.heads)) }},
		{"pairs by polysemanticity", func(i int) string {
			return fmt.Sprintf("%s/pairs?sort=poly&from=%d", atlas, i*20%(sh.neurons*sh.heads))
		}},
		{"pairs of a neuron", func(i int) string { n, _ := pair(i); return fmt.Sprintf("%s/pairs?neuron=%d", atlas, n) }},
		{"neuron", func(i int) string { n, _ := pair(i); return fmt.Sprintf("%s/neurons/%d", atlas, n) }},
		{"images", func(i int) string { return fmt.Sprintf("%s/images?from=%d", atlas, i*7%sh.images) }},
		{"image", func(i int) string { return fmt.Sprintf("%s/images/%d", atlas, i*7%sh.images) }},
		{"image, whole", func(i int) string { return fmt.Sprintf("%s/images/%d?whole=true", atlas, i*7%sh.images) }},
		{"map, one picture", func(i int) string {
			n, h := pair(i)
			return fmt.Sprintf("%s/images/7/maps?neuron=%d&head=%d", atlas, n, h)
		}},
		{"map", func(i int) string {
			n, h := pair(i)
			return fmt.Sprintf("%s/images/%d/maps?neuron=%d&head=%d", atlas, i*7%sh.images, n, h)
		}},
		{"explanation, one picture", func(i int) string { return fmt.Sprintf("%s/images/7/explanation?text=%s", atlas, text(i)) }},
		{"explanation", func(i int) string { return fmt.Sprintf("%s/images/%d/explanation?text=a+castle", atlas, i*7%sh.images) }},
	}, sh.details(atlas, pair)...)
}

// details are the questions of the pages of one pair and one head.
func (sh shape) details(atlas string, pair func(int) (int, int)) []route {
	return []route{
		{"pair", func(i int) string { n, h := pair(i); return fmt.Sprintf("%s/pairs/%d,%d", atlas, n, h) }},
		{"two pairs", func(i int) string { n, h := pair(i); return fmt.Sprintf("%s/pairs/%d,%d/with/1,1", atlas, n, h) }},
		{"head", func(i int) string { return fmt.Sprintf("%s/heads/%d?top=%d", atlas, i%sh.heads, 1+i/sh.heads) }},
	}
}

// table asks every route and prints it.
func (s *served) table(ctx context.Context, o options) error {
	sh, err := s.shapeOf(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("an atlas of %d images, %d × %d pairs; %d requests at once\n", sh.images, sh.neurons, sh.heads, atOnce)
	fmt.Printf("%-28s %9s %9s %9s %9s %9s %9s %9s  (ms; new: one alone, cpu: processor time of one)\n", "", "first", "again p50", "p95", "new", "new p50", "p95", "new cpu")
	for _, r := range sh.routes() {
		if !strings.Contains(r.name, o.only) {
			continue
		}
		began := time.Now()
		if _, err := s.get(ctx, r.at(0)); err != nil {
			return err
		}
		first := time.Since(began)
		again, err := s.timed(ctx, o.requests, func(int) string { return r.at(0) })
		if err != nil {
			return err
		}
		fmt.Printf("%-28s %9s %9s %9s", r.name, ms(first), ms(again[len(again)/2]), ms(again[len(again)*95/100]))
		if r.at(0) == r.at(1) {
			fmt.Println()
			continue
		}
		alone, err := s.fresh(ctx, r)
		if err != nil {
			return err
		}
		before, err := s.processor(ctx)
		if err != nil {
			return err
		}
		n := min(o.requests, newQuestions)
		fresh, err := s.timed(ctx, n, func(i int) string { return r.at(100 + i) })
		if err != nil {
			return err
		}
		after, err := s.processor(ctx)
		if err != nil {
			return err
		}
		fmt.Printf(" %9s %9s %9s %9s", ms(alone), ms(fresh[n/2]), ms(fresh[n*95/100]), ms((after-before)/time.Duration(n)))
		if refused := s.refused.Swap(0); refused > 0 {
			fmt.Printf("  %d times told to come again", refused)
		}
		fmt.Println()
	}
	return nil
}

// processor is the processor time that the process has taken.
func (s *served) processor(ctx context.Context) (time.Duration, error) {
	body, err := s.get(ctx, "/metrics")
	return time.Duration(number(string(body), "process_cpu_seconds_total") * float64(time.Second)), err
}

// newQuestions is how many new questions of a route are asked.
const newQuestions = 200

// fresh is the median time of new questions of a route, asked one by one.
func (s *served) fresh(ctx context.Context, r route) (time.Duration, error) {
	var took []time.Duration
	for i := range 9 {
		began := time.Now()
		if _, err := s.get(ctx, r.at(50+i)); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	return median(took), nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }

// baseName is the last part of a path.
func baseName(path string) string { return filepath.Base(path) }
