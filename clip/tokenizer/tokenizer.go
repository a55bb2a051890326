// Package tokenizer is CLIP's: byte-pair encoding over the bytes of cleaned, lower-case text, identical to OpenAI's.
//
// # Terms
//
//   - A word is split into symbols, at first one for each of its bytes; "</w>" marks the last.
//   - A merge is a pair of symbols that become one; of those possible, the one with the lowest rank is taken first.
//   - A token is a symbol in the vocabulary, its id the place there: 256 bytes, the same with </w>, the merges in order, start and end
//     of text.
//
// The vocabulary comes with a model; see [Load] for the formats.
package tokenizer

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

const (
	endOfWord   = "</w>"
	startOfText = "<|startoftext|>"
	endOfText   = "<|endoftext|>"
)

// ErrTooLong is returned when a text has more tokens than the context holds.
var ErrTooLong = errors.New("text is too long")

// pair is two symbols side by side.
type pair [2]string

// Tokenizer turns texts into tokens. It is safe for concurrent use.
type Tokenizer struct {
	ids    map[string]int
	tokens []string // by id
	ranks  map[pair]int
	start  int
	end    int

	mu    sync.RWMutex
	cache map[string][]int // of words
}

const cachedWords = 1 << 16

// Size is the number of tokens of the vocabulary, start and end included.
func (t *Tokenizer) Size() int { return len(t.tokens) }

// Start is the id that begins every text.
func (t *Tokenizer) Start() int { return t.start }

// End is the id that ends every text, where the text tower reads its result.
func (t *Tokenizer) End() int { return t.end }

// word is CLIP's split: contractions, runs of letters, single digits, runs of anything else that is no space.
var word = regexp.MustCompile(`(?i)<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+`)

// Encode gives the ids of a text, cleaned by [Clean], without start and end and without a limit.
func (t *Tokenizer) Encode(text string) []int {
	ids := []int{}
	for _, w := range word.FindAllString(Clean(text), -1) {
		ids = append(ids, t.word(w)...)
	}
	return ids
}

// Sequence is start, the ids of the text, end: what the text tower is fed. More than context tokens are [ErrTooLong], unless truncate,
// which drops tokens before the end. A text that says <|endoftext|> ends there, as for OpenAI's text tower: it reads its result at the first
// end token, and what stands behind it has no influence.
func (t *Tokenizer) Sequence(text string, context int, truncate bool) ([]int64, error) {
	ids := t.Encode(text)
	if room := context - 2; len(ids) > room {
		if !truncate {
			return nil, fmt.Errorf("%w: %d tokens with start and end, expected at most %d", ErrTooLong, len(ids)+2, context)
		}
		ids = ids[:max(room, 0)]
	}
	if end := slices.Index(ids, t.end); end >= 0 {
		ids = ids[:end]
	}
	sequence := []int64{int64(t.start)}
	for _, id := range ids {
		sequence = append(sequence, int64(id))
	}
	return append(sequence, int64(t.end)), nil
}

// Decode gives the text of ids, a space after each word; ids out of range are left out.
func (t *Tokenizer) Decode(ids []int) string {
	var symbols strings.Builder
	for _, id := range ids {
		if id >= 0 && id < len(t.tokens) {
			symbols.WriteString(t.tokens[id])
		}
	}
	var out []byte
	for i, w := range strings.Split(symbols.String(), endOfWord) {
		if i > 0 {
			out = append(out, ' ')
		}
		for _, r := range w {
			if b, ok := byteOf[r]; ok {
				out = append(out, b)
			}
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(out), "\ufffd"))
}

// word gives the ids of one word, remembered for the next time.
func (t *Tokenizer) word(w string) []int {
	t.mu.RLock()
	ids, ok := t.cache[w]
	t.mu.RUnlock()
	if ok {
		return ids
	}
	ids = t.split(w)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cache) >= cachedWords {
		clear(t.cache)
	}
	t.cache[strings.Clone(w)] = ids
	return ids
}

// split is byte-pair encoding of one word.
func (t *Tokenizer) split(w string) []int {
	switch w {
	case startOfText:
		return []int{t.start}
	case endOfText:
		return []int{t.end}
	}
	symbols := make([]string, len(w))
	for i := range len(w) {
		symbols[i] = string(symbolOf[w[i]])
	}
	symbols[len(w)-1] += endOfWord
	ids := make([]int, 0, len(symbols))
	for _, s := range t.merge(symbols) {
		if id, ok := t.ids[s]; ok { // every byte is a token, so every symbol is
			ids = append(ids, id)
		}
	}
	return ids
}

// merge joins the pair of lowest rank, everywhere it stands, until none is left.
func (t *Tokenizer) merge(symbols []string) []string {
	for len(symbols) > 1 {
		best, rank := pair{}, len(t.ranks)
		for i := range len(symbols) - 1 {
			if r, ok := t.ranks[pair{symbols[i], symbols[i+1]}]; ok && r < rank {
				best, rank = pair{symbols[i], symbols[i+1]}, r
			}
		}
		if rank == len(t.ranks) {
			break
		}
		joined := symbols[:0]
		for i := 0; i < len(symbols); i++ {
			if i+1 < len(symbols) && symbols[i] == best[0] && symbols[i+1] == best[1] {
				joined = append(joined, best[0]+best[1])
				i++
			} else {
				joined = append(joined, symbols[i])
			}
		}
		symbols = joined
	}
	return symbols
}

// symbolOf gives each byte a printable character, as GPT-2 does: printable Latin-1 stands for itself, the others
// follow from U+0100 on. byteOf is its inverse, byteOrder the order of the bytes in the vocabulary.
var symbolOf, byteOf, byteOrder = func() (symbols [256]rune, bytes map[rune]byte, order []byte) {
	bytes = map[rune]byte{}
	var rest []byte
	for b := range 256 {
		if (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae {
			symbols[b] = rune(b)
			order = append(order, byte(b))
		} else {
			symbols[b] = rune(256 + len(rest))
			rest = append(rest, byte(b))
		}
	}
	for b, r := range symbols {
		bytes[r] = byte(b)
	}
	return symbols, bytes, append(order, rest...)
}()
