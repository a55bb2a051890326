package atlas

import (
	"fmt"
	"sync"

	"github.com/facet-clip/facet/decompose"
)

// held are the bytes of an atlas's tables of statistics, checked by their digests.
type held struct {
	pairs, neurons, top, neuronCov, headCov, headMean, gram, sums []byte

	err error
}

// hold reads the tables, into the memory of those that it held before.
func (h *held) hold(a *Atlas) error {
	tables := map[string]*[]byte{
		pairsFile: &h.pairs, neuronsFile: &h.neurons, topFile: &h.top, neuronCovFile: &h.neuronCov, headCovFile: &h.headCov, headMeanFile: &h.headMean, gramFile: &h.gram,
	}
	h.sums = h.sums[:0]
	if len(a.Manifest.Parts) > 0 {
		tables[sumsFile] = &h.sums
	}
	for name, data := range tables {
		var err error
		if *data, err = a.contents(name, *data); err != nil {
			return err
		}
	}
	return nil
}

// ahead reads the tables of atlases while others are used: there are two in memory at most.
type ahead struct {
	read, free chan *held
	ended      chan struct{}
	reading    sync.WaitGroup
}

func readAhead(atlases []*Atlas) *ahead {
	r := &ahead{read: make(chan *held), free: make(chan *held, 2), ended: make(chan struct{})}
	r.free <- &held{}
	r.free <- &held{}
	r.reading.Go(func() {
		for _, a := range atlases {
			var h *held
			select {
			case h = <-r.free:
			case <-r.ended:
				return
			}
			h.err = h.hold(a)
			select {
			case r.read <- h:
			case <-r.ended:
				return
			}
		}
	})
	return r
}

func (r *ahead) next() (*held, error) {
	h := <-r.read
	return h, h.err
}

func (r *ahead) done(h *held) { r.free <- h }

func (r *ahead) stop() {
	close(r.ended)
	r.reading.Wait()
}

// sharing is what atlases that are joined one after another share: memory, and a table of extremes whose rows were found in order.
type sharing struct {
	mean, m2, neuronCov, headCov, headMean []float64
	norms                                  []float32
	ordered                                topTable
}

// joinInto takes the atlas up in a union.
func (a *Atlas) joinInto(u *decompose.Union, h *held, number func(uint32) uint32, shared *sharing) error {
	s := a.Stats
	s.Mean, s.M2, s.NeuronCov, s.HeadCov, s.HeadMean, a.Norms = shared.mean, shared.m2, shared.neuronCov, shared.headCov, shared.headMean, shared.norms
	if err := a.readMoments(h); err != nil {
		return err
	}
	shared.mean, shared.m2, shared.neuronCov, shared.headCov, shared.headMean, shared.norms = s.Mean, s.M2, s.NeuronCov, s.HeadCov, s.HeadMean, a.Norms
	sums, err := a.momentSums(h.sums)
	if err != nil {
		return err
	}
	top, err := a.openTop(h.top, &shared.ordered)
	if err != nil {
		return err
	}
	if err := u.Add(s, top.list, sums, number); err != nil {
		return fmt.Errorf("%s: %w", a.dir, err)
	}
	return nil
}
