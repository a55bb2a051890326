package clip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"

	"github.com/facet-clip/facet/clip/checkpoint"
	"github.com/facet-clip/facet/clip/tokenizer"
	"github.com/facet-clip/facet/engine"
	"github.com/facet-clip/facet/engine/graph"
)

// ErrNoText is returned when a text is to be encoded and the checkpoint has the image tower alone.
var ErrNoText = errors.New("the checkpoint has no text tower")

// Model is a checkpoint on an engine. A tower is built when it is first needed, so that a model which
// only sees pictures never reads the text weights. Safe for concurrent use: calls run side by side, those for the same tower on
// one session, and Close waits for them.
type Model struct {
	Config     Config
	Activation Activation
	// Log is told which engine runs a tower; nil: nobody is. Set it before the model is used.
	Log *slog.Logger

	ck     *checkpoint.Checkpoint
	engine engine.Engine

	images, texts *sessions
	work          work
}

// imageSessions is how many image towers a model keeps: one for each grid and choice of outputs, each with weights of its own.
const imageSessions = 4

// New reads the architecture of a checkpoint and binds it to an engine. The model keeps the checkpoint
// open and closes it. act is the activation of the text tower.
func New(ck *checkpoint.Checkpoint, e engine.Engine, act Activation) (*Model, error) {
	if act != QuickGELU && act != GELU {
		return nil, fmt.Errorf("unknown activation %q: expected %s or %s", act, QuickGELU, GELU)
	}
	c, err := InferConfig(ck)
	if err != nil {
		return nil, err
	}
	return &Model{Config: c, Activation: act, ck: ck, engine: e, images: newSessions(imageSessions), texts: newSessions(2)}, nil
}

// Checkpoint is the file behind the model.
func (m *Model) Checkpoint() *checkpoint.Checkpoint { return m.ck }

// Engine is what runs the towers.
func (m *Model) Engine() engine.Engine { return m.engine }

// Close waits for the calls under way, frees the sessions and closes the checkpoint. Later calls give [ErrClosed].
func (m *Model) Close() error {
	return errors.Join(m.images.close(), m.texts.close(), m.ck.Close())
}

// EncodeImages runs the image tower over pixels [B,3,32h,32w], normalised, and gives the wanted outputs, at least one.
// Sizes other than the native one use interpolated positions.
func (m *Model) EncodeImages(ctx context.Context, pixels graph.Tensor, want ...Output) (map[Output]graph.Tensor, error) {
	s := pixels.Shape
	if len(s) != 4 || s[0] < 1 || s[1] != 3 || s[2] < Stride || s[3] < Stride || s[2]%Stride != 0 || s[3]%Stride != 0 {
		return nil, fmt.Errorf("pixels: expected [N,3,H,W] with H and W multiples of %d, found %v", Stride, s)
	}
	h, w := s[2]/Stride, s[3]/Stride
	list, err := outputList(want)
	if err != nil {
		return nil, err
	}
	few := m.fewPictures(h, w)
	compile := func() (engine.Session, error) {
		g, err := imageTower(m.ck, m.Config, h, w, list)
		if err != nil {
			return nil, err
		}
		return m.compile(g, few)
	}
	results, err := m.images.run(ctx, key{h, w, fmt.Sprint(list), few}, compile, map[string]graph.Tensor{"pixels": pixels})
	if err != nil {
		return nil, err
	}
	out := make(map[Output]graph.Tensor, len(results))
	for name, t := range results {
		if err := m.checkFinite("picture", name, t); err != nil {
			return nil, err
		}
		out[Output(name)] = t
	}
	return out, nil
}

// ErrNotFinite is returned when a tower gives NaN or an infinite number: its weights, though finite, are too large for float32.
var ErrNotFinite = errors.New("the model gives numbers that are not finite")

// checkFinite names the first of a batch whose result is not finite.
func (m *Model) checkFinite(what, output string, t graph.Tensor) error {
	for i, v := range t.Floats {
		if v-v != 0 {
			return fmt.Errorf("%s: %w: %g in the %s of %s %d of a batch of %d", m.ck.Path(), ErrNotFinite, v, output, what, i/(len(t.Floats)/t.Shape[0])+1, t.Shape[0])
		}
	}
	return nil
}

// textTokens is how many tokens run through the text tower at once: enough for matrix products at full speed, and few enough that
// attention, which grows with its square, stays a small part (docs/research/performance.md).
const textTokens = 256

// EncodeTexts runs the text tower over token sequences (start … end, not padded) and gives [T,D] in their
// order, not normalised. What sequences have in common at their beginning is computed once for as many as run together, and nothing behind
// their ends; equal ones run once. done, when not nil, is told how many more are ready.
func (m *Model) EncodeTexts(ctx context.Context, sequences [][]int64, done func(int)) (graph.Tensor, error) {
	if !m.Config.HasText() {
		return graph.Tensor{}, fmt.Errorf("%s: %w", m.ck.Path(), ErrNoText)
	}
	order, err := m.textOrder(sequences)
	if err != nil {
		return graph.Tensor{}, err
	}
	few := m.fewTokens(distinct(sequences, order))
	tower, err := m.texts.acquire(ctx, key{few: few}, func() (engine.Session, error) {
		g, err := textTower(m.ck, m.Config, m.Activation)
		if err != nil {
			return nil, err
		}
		return m.compile(g, few)
	})
	if err != nil {
		return graph.Tensor{}, err
	}
	defer m.texts.release(tower)
	D := m.Config.Embed
	out := make([]float32, len(sequences)*D)
	for len(order) > 0 {
		var t trie
		n := 0
		for n == 0 || n < len(order) && len(t.ids)+len(sequences[order[n]])-t.shared(sequences[order[n]]) <= textTokens {
			t.add(sequences[order[n]])
			n++
		}
		results, err := m.runTexts(ctx, tower.session, t)
		if err != nil {
			return graph.Tensor{}, err
		}
		if err := m.checkFinite("text", string(Embedding), results); err != nil {
			return graph.Tensor{}, err
		}
		for i, text := range order[:n] {
			copy(out[text*D:], results.Floats[i*D:(i+1)*D])
		}
		if done != nil {
			done(n)
		}
		order = order[n:]
	}
	return graph.Floats(out, len(sequences), D), nil
}

// distinct counts the tokens of sequences, in the given order, without common beginnings.
func distinct(sequences [][]int64, order []int) int {
	var t trie
	for _, i := range order {
		t.add(sequences[i])
	}
	return len(t.ids)
}

// runTexts gives the embeddings of the sequences in a trie.
func (m *Model) runTexts(ctx context.Context, tower engine.Session, t trie) (graph.Tensor, error) {
	const table = "token_embedding.weight"
	c := m.Config.Text
	tokens, err := m.ck.Float32Rows(table, t.ids, c.Vocabulary, c.Width)
	if err == nil {
		err = newTower("text", m.ck).checkNumbers(table, tokens)
	}
	if err != nil {
		return graph.Tensor{}, err
	}
	results, err := tower.Run(ctx, t.inputs(tokens))
	return results[string(Embedding)], err
}

// textOrder are the places of sequences in the order in which common beginnings are neighbours.
func (m *Model) textOrder(sequences [][]int64) ([]int, error) {
	if len(sequences) == 0 {
		return nil, errors.New("no texts to encode")
	}
	order := make([]int, len(sequences))
	for i, s := range sequences {
		if order[i] = i; len(s) == 0 || len(s) > m.Config.Text.Context {
			return nil, fmt.Errorf("text %d has %d tokens: expected 1 to %d", i+1, len(s), m.Config.Text.Context)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(sequences[a], sequences[b]) })
	return order, nil
}

// LogitScale is τ, what cosines are multiplied by before the softmax: exp of the checkpoint's logit_scale.
func (m *Model) LogitScale() (float64, error) {
	if !m.Config.HasText() {
		return 0, fmt.Errorf("%s: %w", m.ck.Path(), ErrNoText)
	}
	v, err := m.ck.Float32("logit_scale")
	if err != nil {
		return 0, err
	}
	τ := math.Exp(float64(v[0]))
	if math.IsNaN(τ) || math.IsInf(τ, 0) {
		return 0, &checkpoint.TensorError{File: m.ck.Path(), Tensor: "logit_scale", Err: checkpoint.ErrNotFinite,
			Expected: "a number whose exponential is finite", Found: fmt.Sprint(v[0])}
	}
	return τ, nil
}

// Sequences cleans, splits and frames texts for [Model.EncodeTexts]. A vocabulary of another size than
// the model's, or a text longer than its context (unless truncate), is an error.
func (m *Model) Sequences(tok *tokenizer.Tokenizer, texts []string, truncate bool) ([][]int64, error) {
	if tok.Size() != m.Config.Text.Vocabulary {
		return nil, fmt.Errorf("vocabulary has %d tokens, %s was trained with %d: expected the model's own vocabulary",
			tok.Size(), m.ck.Path(), m.Config.Text.Vocabulary)
	}
	out := make([][]int64, len(texts))
	for i, text := range texts {
		s, err := tok.Sequence(text, m.Config.Text.Context, truncate)
		if err != nil {
			return nil, fmt.Errorf("text %d (%.40q): %w", i+1, text, err)
		}
		out[i] = s
	}
	return out, nil
}
