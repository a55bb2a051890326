package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/facet-clip/facet/answer"
	textbank "github.com/facet-clip/facet/concept/bank"
	"github.com/facet-clip/facet/internal/golden"
)

func writeText(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "words.txt")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTexts: a bank's rows are the unit embeddings that facet embed gives, and an explanation takes words from bank and file alike.
func TestTexts(t *testing.T) {
	words := writeText(t, "a sedan", "something red", "a butterfly", "on grass")
	bank := filepath.Join(t.TempDir(), "bank")
	out := succeed(t, "texts", words, "-o", bank)
	if !strings.Contains(out, "4 texts") {
		t.Errorf("printed %q", out)
	}
	b, r, err := textbank.Open(bank)
	if err != nil {
		t.Fatal(err)
	}
	if r.Embed != 128 || len(r.Texts) != 4 {
		t.Errorf("recipe %+v", r)
	}
	var embedded answer.Embeddings
	if err := json.Unmarshal([]byte(succeed(t, "embed", "--texts", words, "--json")), &embedded); err != nil {
		t.Fatal(err)
	}
	for i, e := range embedded.Embeddings {
		var length, product float64
		for d, v := range e {
			length += float64(v) * float64(v)
			product += float64(v) * float64(b.Embeddings[i*128+d])
		}
		if product*product < 0.999999*length {
			t.Errorf("text %d: the bank's direction is another", i)
		}
	}
	explain := func(words string) (r answer.Explanation) {
		out := succeed(t, "explain", "../../docs/images/scene.png", "--bank", words, "--json", "--top", "3")
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	if diff := cmp.Diff(explain(words).Pairs, explain(bank).Pairs, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("words from the file and from the bank: %s", diff)
	}
	tiny := filepath.Join(golden.Dir(t, "tiny"), "model.safetensors")
	if code, _, log := facet(t, "explain", "../../docs/images/scene.png", "--bank", bank, "--model", tiny); code != exitFailure || !strings.Contains(log, "another model") {
		t.Errorf("a bank of another model: exit code %d, %s", code, log)
	}
}

func TestDoctor(t *testing.T) {
	succeed(t, "model", "doctor", "demo")
	path := filepath.Join(golden.Dir(t, "tiny"), "model.safetensors")
	code, out, log := facet(t, "model", "doctor", path, "--json")
	if code != exitFailure || !strings.Contains(log, "see vocabulary") {
		t.Errorf("without a vocabulary: exit code %d, %s", code, log)
	}
	var d answer.Diagnosis
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range d.Findings {
		got[f.Check] = f.Verdict
	}
	want := map[string]string{
		"tensors": answer.OK, "numbers": answer.OK, "input size": answer.OK, "activation": answer.Assumed, "vocabulary": answer.Wrong, "logit scale": answer.OK,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "model.safetensors")
	copy(data[len(data)-64:], bytes.Repeat([]byte{0xff, 0x7f}, 32)) // NaN in half and in single precision
	if err := os.WriteFile(broken, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, log := facet(t, "model", "doctor", broken); code != exitFailure || !strings.Contains(log, "numbers") {
		t.Errorf("with NaNs: exit code %d, %s", code, log)
	}
}
