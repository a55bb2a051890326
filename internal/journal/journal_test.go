package journal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/facet-clip/facet/internal/journal"
)

var kind = journal.Kind{Format: "test 1", Protocol: "p"}

// open opens a journal and gives the numbers that it has.
func open(t *testing.T, path string) (*journal.Journal, []int) {
	t.Helper()
	var numbers []int
	j, err := journal.Open(path, kind, func(line []byte) error {
		var n int
		numbers = append(numbers, 0)
		defer func() { numbers[len(numbers)-1] = n }()
		return json.Unmarshal(line, &n)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, numbers
}

// TestCutOff: whatever byte a journal is cut off at, its whole lines are kept, and it goes on after them.
func TestCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "journal.jsonl")
	j, numbers := open(t, path)
	if len(numbers) != 0 {
		t.Errorf("a new journal has %v", numbers)
	}
	if err := errors.Join(j.Append(11, 12), j.Append(13), j.Close()); err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(all) + 1 {
		if err := os.WriteFile(path, all[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		want := []int{11, 12, 13}[:max(0, bytes.Count(all[:cut], []byte("\n"))-1)]
		j, numbers := open(t, path)
		if !slices.Equal(numbers, want) {
			t.Fatalf("cut at %d: %v, expected %v", cut, numbers, want)
		}
		if err := errors.Join(j.Append(14), j.Close()); err != nil {
			t.Fatal(err)
		}
		if _, numbers = open(t, path); !slices.Equal(numbers, append(slices.Clone(want), 14)) {
			t.Fatalf("cut at %d and gone on: %v", cut, numbers)
		}
	}
}

func TestRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"{}\n": "first line", "x\n": "first line", `{"format":"test 1","protocol_sha256":"q"}` + "\n": "another folder",
	} {
		_, err := journal.Read(strings.NewReader(text), kind, nil)
		if !errors.Is(err, journal.ErrJournal) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	sad := errors.New("sad")
	_, err := journal.Read(strings.NewReader(`{"format":"test 1","protocol_sha256":"p"}`+"\n1\n"), kind, func([]byte) error { return sad })
	if !errors.Is(err, sad) {
		t.Errorf("a line that is refused: %v", err)
	}
	var none *journal.Journal
	if err := errors.Join(none.Append(1), none.Close()); err != nil {
		t.Error(err)
	}
}
