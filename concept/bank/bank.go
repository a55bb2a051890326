// Package bank keeps banks of text embeddings in folders, so that a list of words is sent through the text tower once.
//
// A bank's folder holds bank.json (what it was made of and with), texts.txt (a text a line) and embeddings.npy (float32 [T,D], unit
// rows, in the same order). While it is being made, embeddings.part takes their place; a build that was cut off goes on from there.
//
// # Terms
//
//   - A [Recipe] is all that decides a bank's numbers: the model, its activation and vocabulary, texts and templates.
//   - Its fingerprint names the folder in a cache, so that the same recipe is never cooked twice.
package bank

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/atomicfile"
	"github.com/facet-clip/facet/internal/regular"
	"github.com/facet-clip/facet/npy"
	"github.com/facet-clip/facet/textfile"
)

const format = 1

// The files of a bank.
const (
	RecordFile     = "bank.json"
	textsFile      = "texts.txt"
	embeddingsFile = "embeddings.npy"
	recipeFile     = "recipe.json"
	partFile       = "embeddings.part"
	lockFile       = ".lock"
)

const (
	maxRecord = 16 << 20 // bytes of bank.json: templates are in it
)

// ErrOther is returned when a folder holds another bank, or something else.
var ErrOther = errors.New("the folder holds something else")

// errNone tells that there is no bank yet, finished or damaged.
var errNone = errors.New("no finished bank")

// Recipe is what a bank is made of and with.
type Recipe struct {
	Model      string            // SHA-256 of the checkpoint
	Activation string            // of the text tower
	Vocabulary int               // its size
	Embed      int               // D
	Truncate   bool              // texts that are too long were cut
	Templates  concept.Templates // each text is the mean of its prompts; none: the texts as they are
	Texts      []string          // without line ends
}

// record is bank.json and recipe.json.
type record struct {
	Format      int               `json:"format"`
	Fingerprint string            `json:"fingerprint"`
	Model       string            `json:"model_sha256"`
	Activation  string            `json:"activation"`
	Vocabulary  int               `json:"vocabulary"`
	Embed       int               `json:"embed"`
	Truncate    bool              `json:"truncate"`
	Templates   concept.Templates `json:"templates"`
	Texts       int               `json:"texts"`
}

func (r Recipe) record() record {
	return record{
		Format: format, Fingerprint: r.Fingerprint(), Model: r.Model, Activation: r.Activation, Vocabulary: r.Vocabulary, Embed: r.Embed,
		Truncate: r.Truncate, Templates: r.Templates, Texts: len(r.Texts),
	}
}

// Fingerprint is a SHA-256 over everything in the recipe.
func (r Recipe) Fingerprint() string {
	h := sha256.New()
	e := json.NewEncoder(h) // whose output cannot fail, and is one line for each value
	_ = e.Encode([]any{format, r.Model, r.Activation, r.Vocabulary, r.Embed, r.Truncate, r.Templates})
	for _, t := range r.Texts {
		_ = e.Encode(t)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Encoder gives the embeddings [T,D] of texts.
type Encoder func(ctx context.Context, texts []string) ([]float32, error)

// chunk is how many texts are safe after each step.
const chunk = 1024

// Builder makes banks.
type Builder struct {
	Encode Encoder
	Done   func(n int)  // is told how many more texts are finished; nil: nobody is
	Log    *slog.Logger // takes what is worth knowing and no error; nil discards it
}

// Build makes the recipe's bank in dir, or opens it if it is there. Cut off, it loses at most 1,024 texts; run again with the same
// recipe it goes on. While another process makes a bank there, it waits. It fails with [ErrOther] when dir holds anything else.
func (b Builder) Build(ctx context.Context, dir string, r Recipe) (*concept.Bank, error) {
	return b.build(ctx, dir, r, false)
}

// Cache is [Builder.Build] in a folder that is facet's own. Whatever is wrong there (what a killed build left, a damaged bank) is removed, and
// the bank is made again.
func (b Builder) Cache(ctx context.Context, dir string, r Recipe) (*concept.Bank, error) {
	return b.build(ctx, dir, r, true)
}

func (b Builder) build(ctx context.Context, dir string, r Recipe, own bool) (*concept.Bank, error) {
	if b.Log == nil {
		b.Log = slog.New(slog.DiscardHandler)
	}
	for i, t := range r.Texts {
		if strings.ContainsAny(t, "\r\n") {
			return nil, fmt.Errorf("text bank: text %d, %q, has a line end", i+1, t)
		}
	}
	if bank, err := finished(dir, r); err == nil || !own && !errors.Is(err, errNone) {
		return bank, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := free(dir); err != nil && !own { // before there is a lock, which a folder of other things does not get
		return nil, err
	}
	lock, err := atomicfile.WaitLock(ctx, filepath.Join(dir, lockFile), func() {
		b.Log.Warn("waiting for another process that makes the same text bank", "folder", dir)
	})
	if err != nil {
		return nil, err
	}
	bank, err := b.make(ctx, dir, r, own)
	return bank, errors.Join(err, lock.Unlock())
}

// finished opens the recipe's bank, which is errNone where there is none in dir.
func finished(dir string, r Recipe) (*concept.Bank, error) {
	if _, err := os.Lstat(filepath.Join(dir, RecordFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, errNone
	}
	bank, have, err := Open(dir)
	if err != nil {
		return nil, err
	}
	if have.Fingerprint() != r.Fingerprint() {
		return nil, fmt.Errorf("%s: a bank of other texts or of another model: %w", dir, ErrOther)
	}
	return bank, nil
}

// make makes the bank for whoever holds the folder's lock.
func (b Builder) make(ctx context.Context, dir string, r Recipe, own bool) (*concept.Bank, error) {
	bank, err := finished(dir, r) // by another process, meanwhile
	if err == nil {
		return bank, nil
	}
	var part *os.File
	if errors.Is(err, errNone) {
		part, err = claim(dir, r)
	}
	if err != nil && own {
		b.Log.Info("a text bank in the cache is made again", "folder", dir, "reason", err)
		if err := empty(dir); err != nil {
			return nil, err
		}
		part, err = claim(dir, r)
	}
	if err != nil {
		return nil, err
	}
	defer part.Close()
	data, err := b.cook(ctx, part, r)
	if err != nil {
		return nil, fmt.Errorf("text bank %s: %w", dir, err)
	}
	bank = &concept.Bank{Texts: r.Texts, Embed: r.Embed, Embeddings: data}
	return bank, finish(dir, part, r, bank)
}

// free is an error unless a folder is empty, or holds an unfinished bank, or what a build that was killed at its very beginning left.
func free(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == recipeFile || e.Name() == RecordFile }) {
		return nil
	}
	for _, e := range entries {
		if !leftover(e.Name()) {
			return fmt.Errorf("%s has %s and no %s: %w: choose an empty folder", dir, e.Name(), RecordFile, ErrOther)
		}
	}
	return nil
}

// leftover tells what facet alone writes into the folder of a bank that is not finished. Earlier versions called their temporaries .tmp-.
func leftover(name string) bool {
	return name == lockFile || name == partFile || atomicfile.IsTemporary(name) || strings.HasPrefix(name, ".tmp-")
}

// claim makes dir the home of the recipe, or finds that it is, and opens embeddings.part.
func claim(dir string, r Recipe) (*os.File, error) {
	if err := free(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, recipeFile)
	data, err := regular.ReadFile(path, maxRecord)
	begun := err == nil
	if begun {
		var have record
		if err := json.Unmarshal(data, &have); err != nil || have.Fingerprint != r.Fingerprint() {
			return nil, fmt.Errorf("%s: an unfinished bank of other texts or of another model: %w", dir, ErrOther)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := removeLeftovers(dir, begun); err != nil {
		return nil, err
	}
	if !begun {
		if err := writeJSON(path, r.record()); err != nil {
			return nil, err
		}
	}
	return atomicfile.Open(filepath.Join(dir, partFile))
}

// removeLeftovers removes what no build needs: not the lock, nor the part of one that was begun.
func removeLeftovers(dir string, begun bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if name := e.Name(); leftover(name) && name != lockFile && (name != partFile || !begun) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
		}
	}
	return err
}

// empty removes everything from a folder but its lock.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != lockFile {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// cook fills embeddings.part [T,D], from where it ends.
func (b Builder) cook(ctx context.Context, f *os.File, r Recipe) ([]float32, error) {
	data, err := readPart(f, r)
	if err != nil {
		return nil, err
	}
	start := len(data) / r.Embed
	b.tell(start)
	for texts := range slices.Chunk(r.Texts[start:], chunk) {
		rows, err := rows(ctx, texts, r, b.Encode)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(binary.Write(f, binary.LittleEndian, rows), f.Sync()); err != nil {
			return nil, err
		}
		data = append(data, rows...)
		b.tell(len(texts))
	}
	return data, nil
}

func (b Builder) tell(n int) {
	if b.Done != nil {
		b.Done(n)
	}
}

// readPart reads the whole chunks of a part file and cuts off what follows them.
func readPart(f *os.File, r Recipe) ([]float32, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := int64(chunk) * int64(r.Embed) * 4
	chunks := min(info.Size()/size, int64(len(r.Texts)/chunk))
	if err := f.Truncate(chunks * size); err != nil {
		return nil, err
	}
	raw := make([]byte, chunks*size)
	if _, err := io.ReadFull(f, raw); err != nil {
		return nil, err
	}
	data := make([]float32, len(raw)/4)
	for i := range data {
		data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return data, nil
}

// rows embeds texts, or the means of their prompts: unit rows.
func rows(ctx context.Context, texts []string, r Recipe, encode Encoder) ([]float32, error) {
	prompts := texts
	if len(r.Templates) > 0 {
		prompts = nil
		for _, t := range texts {
			prompts = append(prompts, r.Templates.Fill(t)...)
		}
	}
	embeddings, err := encode(ctx, prompts)
	if err != nil {
		return nil, err
	}
	bank, err := concept.ZeroShot(texts, embeddings, max(1, len(r.Templates)), r.Embed)
	if err != nil {
		return nil, err
	}
	return bank.Embeddings, nil
}

// finish writes the bank's files, bank.json last, and takes the unfinished ones away.
func finish(dir string, part *os.File, r Recipe, bank *concept.Bank) error {
	err := errors.Join(
		atomicfile.Write(filepath.Join(dir, textsFile), func(w io.Writer) error {
			_, err := io.WriteString(w, strings.Join(r.Texts, "\n")+"\n")
			return err
		}),
		atomicfile.Write(filepath.Join(dir, embeddingsFile), func(w io.Writer) error {
			return npy.Write(w, bank.Embeddings, len(bank.Texts), bank.Embed)
		}))
	if err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(dir, RecordFile), r.record()); err != nil {
		return err
	}
	part.Close() // which Windows asks for; all of it was synced
	return errors.Join(os.Remove(filepath.Join(dir, partFile)), os.Remove(filepath.Join(dir, recipeFile)))
}

// Open reads a finished bank and the recipe it was made by.
func Open(dir string) (*concept.Bank, Recipe, error) {
	bank, recipe, err := open(dir)
	if err != nil {
		return nil, Recipe{}, fmt.Errorf("text bank %s: %w", dir, err)
	}
	return bank, recipe, nil
}

func open(dir string) (*concept.Bank, Recipe, error) {
	data, err := regular.ReadFile(filepath.Join(dir, RecordFile), maxRecord)
	if err != nil {
		return nil, Recipe{}, err
	}
	var rec record
	if err := json.Unmarshal(data, &rec); err != nil {
		return nil, Recipe{}, fmt.Errorf("%s: %w", RecordFile, err)
	}
	if rec.Format != format {
		return nil, Recipe{}, fmt.Errorf("%s: format %d, expected %d", RecordFile, rec.Format, format)
	}
	r := Recipe{Model: rec.Model, Activation: rec.Activation, Vocabulary: rec.Vocabulary, Embed: rec.Embed, Truncate: rec.Truncate, Templates: rec.Templates}
	if r.Texts, err = readLines(filepath.Join(dir, textsFile)); err != nil {
		return nil, Recipe{}, err
	}
	if r.Fingerprint() != rec.Fingerprint {
		return nil, Recipe{}, fmt.Errorf("%s is not what %s was made of: make the bank again", textsFile, RecordFile)
	}
	f, err := regular.Open(filepath.Join(dir, embeddingsFile))
	if err != nil {
		return nil, Recipe{}, err
	}
	defer f.Close()
	a, err := npy.Read(f)
	if err != nil {
		return nil, Recipe{}, fmt.Errorf("%s: %w", embeddingsFile, err)
	}
	if !slices.Equal(a.Shape, []int{len(r.Texts), rec.Embed}) {
		return nil, Recipe{}, fmt.Errorf("%s: shape %v, expected [%d %d]", embeddingsFile, a.Shape, len(r.Texts), rec.Embed)
	}
	if _, err := concept.NewBank(r.Texts, a.Data, rec.Embed); err != nil { // refuses what is not finite or has no length
		return nil, Recipe{}, fmt.Errorf("%s: %w", embeddingsFile, err)
	}
	return &concept.Bank{Texts: r.Texts, Embed: rec.Embed, Embeddings: a.Data}, r, nil
}

func readLines(path string) ([]string, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var lines []string
	for line, err := range textfile.Lines(f) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		lines = append(lines, line.Text)
	}
	return lines, nil
}

func writeJSON(path string, v any) error {
	return atomicfile.Write(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}
