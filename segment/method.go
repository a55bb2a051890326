package segment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/facet-clip/facet/decompose"
)

// Method is a way to give every token of a window a logit for each query.
type Method uint8

// The methods. t_c is a centred query, r_i^h = a_i^h W_O^h (W_V^h x_i + b_V^h) + b_O/((K+1)·M) what head h takes from token i.
const (
	// Facet is ours, NAP with three changes: a pair counts by its likeness to the text, ⟨û,t_c⟩²; neurons of a token have a mean square of 1, and tokens
	// are averaged with tokens like themselves, by cos(z_i,z_j)³; and a text counts by how well it fits the window, as in Surgery.
	Facet Method = iota + 1
	// NAP is the paper's: the mean over the k pairs (h,n) most like t_c of z_{i,n}·cos(r_i^h, t_c).
	NAP
	// MaskCLIP is cos(W_O (W_V z_i + b_V) + b_O, t_c): each token as if it were the whole picture (Zhou et al., arXiv 2112.01071). With
	// [Options.Published] it is of x_i = z_i + p_i, as the paper's code has it.
	MaskCLIP
	// SelfSelf lets tokens attend to tokens like themselves, by queries and by keys: softmax(qqᵀ/√d) + softmax(kkᵀ/√d) in place of the class
	// query's attention, then cos with t_c (SCLIP; Wang et al., arXiv 2312.01597).
	SelfSelf
	// Surgery lets tokens attend by their values and takes off what all texts share, weighed by how well a text fits the window
	// (CLIP Surgery; Li et al., arXiv 2304.05653). It works on texts that are not centred. How well a text fits is its cosine with the window's
	// embedding; with [Options.Published] with what the class token is where it too attends by values, as the published code has it for ResNets.
	Surgery
	// CAM is a split of the class logit ⟨e,t⟩/‖e‖, t not centred, over the tokens; exact: its sum over the window is that logit.
	CAM
	// Heads is NAP without neurons: the mean of cos(r_i^h, t_c) over the same pairs.
	Heads
	// Neurons is NAP without heads: the mean of z_{i,n} over the same pairs.
	Neurons
	// Activations is the mean of z_{i,n} over the k pairs most like t or most unlike it, by |⟨û,t⟩| with t not centred: what the published code does with
	// second-order neurons of a ViT (Gandelsman, Efros, Steinhardt, arXiv 2406.04341).
	Activations
)

// methodNames are the names of all methods, in order from [Facet].
var methodNames = []string{"facet", "nap", "maskclip", "selfself", "surgery", "cam", "heads", "neurons", "activations"}

// Methods are all methods, ours and the paper's first.
func Methods() []Method {
	all := make([]Method, len(methodNames))
	for i := range all {
		all[i] = Facet + Method(i)
	}
	return all
}

// Known tells whether there is such a method.
func (m Method) Known() bool { return m >= Facet && int(m-Facet) < len(methodNames) }

// String is the method's name in lower case, empty for one that is not known.
func (m Method) String() string {
	if !m.Known() {
		return ""
	}
	return methodNames[m-Facet]
}

// ParseMethod finds a method by its name.
func ParseMethod(name string) (Method, error) {
	if i := slices.Index(methodNames, name); i >= 0 {
		return Facet + Method(i), nil
	}
	return 0, fmt.Errorf("unknown method %q: expected one of %s", name, strings.Join(methodNames, ", "))
}

// scorer gives the logits [Q,K] of a window whose arrays have been checked.
type scorer interface{ logits(w Window) []float32 }

// Segmenter is a method with a model's attention pool and some classes. Safe for concurrent use.
type Segmenter struct {
	Pool    *Pool
	Classes *Classes
	Method  Method
	Sink    *Sink     // what it was told of the last token
	drop    *dropping // nil: nothing
	scorer
}

// Options are the settings of the methods that select pairs.
type Options struct {
	// Pairs is k, for each query; 0: [DefaultPairs].
	Pairs int
	// Signs [M,C] are +1 or −1, of an atlas' principal directions ±u/‖u‖; nil: + for all.
	Signs []int8
	// Sink is what is known of the last token; nil: nothing, and it is replaced, as the paper does.
	Sink *Sink
	// Published does [MaskCLIP] and [Surgery] as published code does, where ours differ.
	Published bool
}

// New prepares a method: all that does not depend on a picture.
func New(p *Pool, c *Classes, m Method, o Options) (*Segmenter, error) {
	if c.Embed != p.Embed {
		return nil, fmt.Errorf("texts of width %d do not fit embeddings of width %d", c.Embed, p.Embed)
	}
	s := &Segmenter{Pool: p, Classes: c, Method: m, Sink: o.Sink}
	if o.Sink != nil {
		var err error
		if p, s.drop, err = p.known(*o.Sink); err != nil {
			return nil, err
		}
	}
	switch m {
	case Facet:
		n, err := newOurs(p, c, o)
		if err != nil {
			return nil, err
		}
		s.scorer = n
	case NAP, Heads, Neurons:
		n, err := newPairs(p, c, o, selection{texts: c.Centred})
		if err != nil {
			return nil, err
		}
		s.scorer = map[Method]scorer{NAP: nap{n}, Heads: headsAlone{n}, Neurons: neuronsAlone{n}}[m]
	case Activations:
		n, err := newPairs(p, c, o, selection{texts: c.Texts, size: true})
		if err != nil {
			return nil, err
		}
		s.scorer = neuronsAlone{n}
	case MaskCLIP:
		s.scorer = maskCLIP{newCosine(p, c.Centred), o.Published}
	case SelfSelf:
		s.scorer = selfSelf{newCosine(p, c.Centred)}
	case Surgery:
		s.scorer = surgery{newCosine(p, c.Texts), o.Published}
	case CAM:
		s.scorer = cam{newCosine(p, c.Texts)}
	default:
		return nil, fmt.Errorf("there is no method %d", m)
	}
	return s, nil
}

// Logits are the logit maps of a window [Q,K]. Errors wrap [ErrWindow].
func (s *Segmenter) Logits(w Window) ([]float32, error) {
	w, err := s.window(w)
	if err != nil {
		return nil, err
	}
	return s.logits(w), nil
}

// window checks w and drops the registers from it.
func (s *Segmenter) window(w Window) (Window, error) {
	if err := s.Pool.check(w, s.Method); err != nil {
		return w, err
	}
	if s.drop != nil {
		w = s.drop.window(w)
	}
	return w, nil
}

// Pairs are the pairs that a query's logits are made of, in order of index; none for methods without pairs.
func (s *Segmenter) Pairs(query int) (selected []decompose.Pair) {
	n, ok := s.scorer.(interface{ selected(q, h int) []uint16 })
	if !ok {
		return nil
	}
	for h := range s.Pool.Heads {
		for _, neuron := range n.selected(query, h) {
			selected = append(selected, decompose.Pair{Head: h, Neuron: int(neuron)})
		}
	}
	return selected
}
