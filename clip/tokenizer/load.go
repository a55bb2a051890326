package tokenizer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/textfile"
)

// ErrFormat is returned when a file is no vocabulary of CLIP's.
var ErrFormat = errors.New("not a CLIP vocabulary")

// ErrNotFound is returned when no vocabulary lies where facet looks.
var ErrNotFound = errors.New("no vocabulary found")

const (
	maxVocabulary = 64 << 20 // bytes, unpacked
	// OpenAI's file lists more merges than CLIP uses: 49152 − 256 − 2 with the two specials and both forms of each byte.
	openAIMerges = 49152 - 256 - 2
)

// names are the files that hold a vocabulary, the best first.
var names = []string{"bpe_simple_vocab_16e6.txt.gz", "bpe_simple_vocab_16e6.txt", "tokenizer.json", "vocab.json"}

// Find looks for a vocabulary in folders, the first first. The error says where it looked.
func Find(folders ...string) (string, error) {
	for _, folder := range folders {
		for _, name := range names {
			path := filepath.Join(folder, name)
			if regular.Exists(path) {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%w: looked for %s in %s", ErrNotFound, strings.Join(names, ", "), strings.Join(folders, " and "))
}

// Load reads a vocabulary: OpenAI's list of merges (plain or gzip), a tokenizer.json, a vocab.json with merges.txt beside it, or a
// folder that holds one of them. The content decides, not the name. Errors name the file.
func Load(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		if path, err = Find(path); err != nil {
			return nil, err
		}
	}
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	if !isJSON(data) {
		return fromMerges(path, data)
	}
	merges, err := readFile(filepath.Join(filepath.Dir(path), "merges.txt"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return fromJSON(path, data, merges)
}

// Read reads OpenAI's list of merges (plain or gzip) or a tokenizer.json. name stands in errors.
func Read(name string, r io.Reader) (*Tokenizer, error) {
	data, err := unpack(name, r)
	if err != nil {
		return nil, err
	}
	if isJSON(data) {
		return fromJSON(name, data, nil)
	}
	return fromMerges(name, data)
}

func readFile(path string) ([]byte, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return unpack(path, f)
}

// unpack reads everything, through gzip when it is that, up to a limit.
func unpack(name string, r io.Reader) ([]byte, error) {
	in := bufio.NewReader(r)
	var source io.Reader = in
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrFormat, err)
		}
		source = z
	}
	data, err := io.ReadAll(io.LimitReader(source, maxVocabulary+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxVocabulary {
		return nil, fmt.Errorf("%s: %w: expected at most %d bytes", name, ErrFormat, maxVocabulary)
	}
	return data, nil
}

func isJSON(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) }

// fromMerges builds the vocabulary from a list of merges: a header, then a pair a line.
func fromMerges(name string, data []byte) (*Tokenizer, error) {
	merges, err := parseMerges(name, data)
	if err != nil {
		return nil, err
	}
	tokens := make([]string, 0, 2*256+len(merges)+2)
	for _, end := range []string{"", endOfWord} {
		for _, b := range byteOrder {
			tokens = append(tokens, string(symbolOf[b])+end)
		}
	}
	for _, m := range merges {
		tokens = append(tokens, m[0]+m[1])
	}
	tokens = append(tokens, startOfText, endOfText)
	ids := make(map[string]int, len(tokens))
	for id, token := range tokens {
		ids[token] = id // of two alike the later counts, as in OpenAI's
	}
	return build(name, ids, tokens, merges)
}

func parseMerges(name string, data []byte) ([]pair, error) {
	var lines []string
	for line, err := range textfile.Lines(bytes.NewReader(data)) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", name, ErrFormat, err)
		}
		lines = append(lines, line.Text)
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if len(lines) < 2 {
		return nil, fmt.Errorf("%s: %w: expected a header and one merge a line", name, ErrFormat)
	}
	lines = lines[1:]
	if len(lines) > openAIMerges {
		lines = lines[:openAIMerges]
	}
	merges := make([]pair, len(lines))
	for i, line := range lines {
		parts := strings.Fields(line)
		if len(parts) != 2 {
			return nil, fmt.Errorf("%s: %w: line %d: expected two symbols, found %.40q", name, ErrFormat, i+2, line)
		}
		merges[i] = pair{parts[0], parts[1]}
	}
	return merges, nil
}

// huggingFace is a tokenizer.json; a vocab.json is its Vocab alone.
type huggingFace struct {
	Model struct {
		Vocab  map[string]int    `json:"vocab"`
		Merges []json.RawMessage `json:"merges"`
	} `json:"model"`
}

func fromJSON(name string, data, mergesFile []byte) (*Tokenizer, error) {
	var whole huggingFace
	if err := json.Unmarshal(data, &whole); err == nil && whole.Model.Vocab != nil {
		merges, err := jsonMerges(name, whole.Model.Merges)
		if err != nil {
			return nil, err
		}
		return fromVocab(name, whole.Model.Vocab, merges)
	}
	var vocab map[string]int
	if err := json.Unmarshal(data, &vocab); err != nil {
		return nil, fmt.Errorf("%s: %w: neither a tokenizer.json nor a vocab.json: %w", name, ErrFormat, err)
	}
	if mergesFile == nil {
		return nil, fmt.Errorf("%s: %w: a vocab.json needs merges.txt beside it", name, ErrFormat)
	}
	merges, err := parseMerges(filepath.Join(filepath.Dir(name), "merges.txt"), mergesFile)
	if err != nil {
		return nil, err
	}
	return fromVocab(name, vocab, merges)
}

// jsonMerges reads merges as "a b" or as ["a","b"].
func jsonMerges(name string, raw []json.RawMessage) ([]pair, error) {
	merges := make([]pair, len(raw))
	for i, r := range raw {
		var joined string
		if json.Unmarshal(r, &merges[i]) == nil {
			continue
		}
		if err := json.Unmarshal(r, &joined); err != nil || len(strings.Fields(joined)) != 2 {
			return nil, fmt.Errorf("%s: %w: merge %d: expected two symbols, found %.40s", name, ErrFormat, i+1, r)
		}
		merges[i] = pair(strings.Fields(joined))
	}
	return merges, nil
}

func fromVocab(name string, vocab map[string]int, merges []pair) (*Tokenizer, error) {
	tokens := make([]string, len(vocab))
	for token, id := range vocab {
		if id < 0 || id >= len(vocab) || tokens[id] != "" {
			return nil, fmt.Errorf("%s: %w: token %.40q has id %d: expected each of 0 to %d once", name, ErrFormat, token, id, len(vocab)-1)
		}
		tokens[id] = token
	}
	return build(name, vocab, tokens, merges)
}

// build checks that every byte and both specials are tokens, so that every text can be encoded.
func build(name string, ids map[string]int, tokens []string, merges []pair) (*Tokenizer, error) {
	t := &Tokenizer{ids: ids, tokens: tokens, ranks: make(map[pair]int, len(merges)), cache: map[string][]int{}}
	need := []string{startOfText, endOfText}
	for _, r := range symbolOf {
		need = append(need, string(r), string(r)+endOfWord)
	}
	for i, m := range merges {
		t.ranks[m] = i // of two alike the later counts, as in OpenAI's
		need = append(need, m[0]+m[1])
	}
	for _, token := range need {
		if _, ok := ids[token]; !ok {
			return nil, fmt.Errorf("%s: %w: token %.40q is missing", name, ErrFormat, token)
		}
	}
	t.start, t.end = ids[startOfText], ids[endOfText]
	return t, nil
}
