package lab_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/concept"
	list "github.com/facet-clip/facet/concept/words"
	"github.com/facet-clip/facet/decompose"
	"github.com/facet-clip/facet/lab"
)

// another is the demo model as anybody's file: it has no words of its own.
var another = lab.Config{Model: "../demo/model.safetensors", Vocabulary: "../demo/vocabulary.txt"}

// TestCommonWords: a model other than the demo takes the common words where no bank is given, and embeds them once.
func TestCommonWords(t *testing.T) {
	if testing.Short() {
		t.Skip("embeds 20,000 texts")
	}
	c := another
	c.Cache = t.TempDir()
	embedded := 0
	c.Progress = func(step string, done, total int) {
		if step == "texts" && total > 1 {
			embedded = max(embedded, done)
		}
	}
	ask := func() {
		l, err := lab.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		b, err := l.Bank(t.Context(), "", false)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b.Texts, list.Common()) {
			t.Errorf("%d texts, expected the %d common words", len(b.Texts), len(list.Common()))
		}
		found, err := l.Search(t.Context(), lab.Search{Text: "a castle"})
		if err != nil {
			t.Fatal(err)
		}
		if !found.Centered || found.Bank != lab.CommonWords {
			t.Errorf("the mean of %q is taken off (%v), expected %s", found.Bank, found.Centered, lab.CommonWords)
		}
		near, err := l.Nearest(t.Context(), lab.Nearest{Pair: decompose.Pair{Neuron: *found.Hits[0].Neuron, Head: *found.Hits[0].Head}})
		if err != nil {
			t.Fatal(err)
		}
		if near.Bank != lab.CommonWords || !slices.ContainsFunc(near.Texts, func(m concept.Match) bool { return m.Text == "castle" }) {
			t.Errorf("the pair most like a castle is nearest to %+v of %q", near.Texts, near.Bank)
		}
		seen, err := l.Explain(t.Context(), lab.Explain{Picture: scene})
		if err != nil {
			t.Fatal(err)
		}
		if pair := seen.Answer.Pairs[0]; len(pair.Words) == 0 || !slices.Contains(list.Common(), pair.Words[0].Text) {
			t.Errorf("the first pair has the words %+v, expected common ones", pair.Words)
		}
		said, err := l.Explain(t.Context(), lab.Explain{Picture: scene, Bank: lab.CommonWords})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(said.Answer, seen.Answer); diff != "" {
			t.Errorf("without a bank, and not with the common words as one (-): %s", diff)
		}
		if words := len(seen.Answer.Groups); seen.Answer.Labelling != answer.Said || words < 5 || words > 33 { // with unnamed, constant and others
			t.Errorf("%d groups by labels of kind %v", words, seen.Answer.Labelling)
		}
	}
	ask()
	if embedded != len(list.Common()) {
		t.Errorf("progress told of %d texts, expected %d", embedded, len(list.Common()))
	}
	embedded = 0
	if ask(); embedded != 0 {
		t.Errorf("%d texts are embedded again", embedded)
	}
}

// TestObjects: a list is asked for by name, by the demo model too.
func TestObjects(t *testing.T) {
	l := open(t, lab.Config{})
	b, err := l.Bank(t.Context(), lab.ObjectWords, false)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.Texts, list.Objects()) {
		t.Errorf("%d texts, expected the %d objects", len(b.Texts), len(list.Objects()))
	}
}

// TestNoVocabulary: a model whose vocabulary is missing explains a picture without words, and says why there are none.
func TestNoVocabulary(t *testing.T) {
	var log bytes.Buffer
	l := open(t, lab.Config{Model: tiny, Log: slog.New(slog.NewTextHandler(&log, nil))})
	seen, err := l.Explain(t.Context(), lab.Explain{Picture: scene})
	if err != nil {
		t.Fatal(err)
	}
	if seen.Answer.Pairs[0].Words != nil || !strings.Contains(log.String(), "nothing is named") {
		t.Errorf("the words are %+v, and the log says %q", seen.Answer.Pairs[0].Words, log.String())
	}
	if _, err := l.Nearest(t.Context(), lab.Nearest{}); err == nil {
		t.Error("a model without a vocabulary finds words")
	}
}
