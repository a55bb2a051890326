package web

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/npy"
)

// TestTables: CSV and Parquet hold the rows of the JSON.
func TestTables(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	as := func(target, form string) []byte {
		out := send(h, "GET", target, nil, map[string]string{"Accept": form})
		if out.Code != http.StatusOK || out.Header().Get("Content-Type") != form || out.Header().Get("Vary") != "Accept" {
			t.Fatalf("%s as %s: %d %v %s", target, form, out.Code, out.Header(), out.Body)
		}
		return out.Body.Bytes()
	}
	const pairs = "/api/v1/atlases/scenes/pairs?top=7"
	var want answer.Pairs
	if err := json.Unmarshal(as(pairs, formJSON), &want); err != nil {
		t.Fatal(err)
	}
	rows, err := parquet.Read[pairRow](bytes.NewReader(as(pairs, formParquet)), int64(len(as(pairs, formParquet))))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pairRows(&want), rows); diff != "" || len(rows) != 7 {
		t.Errorf("pairs (-JSON +Parquet):\n%s", diff)
	}
	lines, err := csv.NewReader(bytes.NewReader(as(pairs, formCSV))).ReadAll()
	if err != nil || len(lines) != 8 || lines[0][0] != "neuron" || lines[0][9] != "fires" {
		t.Fatalf("CSV: %v %q", err, lines)
	}
	for i, p := range want.Pairs {
		norm, err := strconv.ParseFloat(lines[i+1][2], 64)
		if err != nil || norm != p.Norm || lines[i+1][0] != fmt.Sprint(p.Neuron) {
			t.Errorf("row %d: %q, expected %v", i, lines[i+1], p)
		}
	}
	for _, target := range []string{"/api/v1/search?text=a+castle&unit=head&top=2", "/api/v1/pairs/12,3/nearest?top=2", "/api/v1/atlases/scenes/images?top=2"} {
		if lines, err := csv.NewReader(bytes.NewReader(as(target, formCSV))).ReadAll(); err != nil || len(lines) != 3 {
			t.Errorf("%s: %v %q", target, err, lines)
		}
		as(target, formParquet)
	}
}

// TestArrays: .npy holds the numbers of the JSON, and the embedding of an image is what its pairs sum to.
func TestArrays(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	const image = "/api/v1/atlases/scenes/images/7/"
	for target, axes := range map[string]int{"/api/v1/atlases/scenes/embeddings?from=298": 2, image + "embedding": 1, image + "scalars": 2, image + "maps/values?neuron=89&head=3": 2} {
		var want Array
		if err := json.Unmarshal(send(h, "GET", target, nil, nil).Body.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		out := send(h, "GET", target, nil, map[string]string{"Accept": formNPY + ", */*;q=0.1"})
		got, err := npy.Parse(out.Body.Bytes())
		if err != nil {
			t.Fatalf("%s: %v: %s", target, err, out.Body)
		}
		if diff := cmp.Diff(want.Values, got.Data); diff != "" || fmt.Sprint(want.Shape) != fmt.Sprint(got.Shape) || len(got.Shape) != axes {
			t.Errorf("%s: shape %v, expected %v:\n%s", target, got.Shape, want.Shape, diff)
		}
	}
	out := send(h, "POST", "/api/v1/embed", pngBytes(t, 32), map[string]string{"Content-Type": "image/png", "Accept": formNPY})
	if got, err := npy.Parse(out.Body.Bytes()); err != nil || len(got.Shape) != 2 || got.Shape[0] != 1 {
		t.Errorf("embed: %d %v %v", out.Code, got.Shape, err)
	}
}

// TestNoForm: an answer that has no such form says which it has, and a problem stays JSON.
func TestNoForm(t *testing.T) {
	h := newServer(t, "127.0.0.1:8080", nil).Handler()
	for target, want := range map[string]int{"/api/v1/model": 406, "/api/v1/search?text=": 400, "/api/v1/atlases/none/pairs": 404} {
		out := send(h, "GET", target, nil, map[string]string{"Accept": formCSV})
		if checkProblem(t, target, out); out.Code != want {
			t.Errorf("%s: %d, expected %d: %s", target, out.Code, want, out.Body)
		}
	}
	for accept, want := range map[string]string{
		"": formJSON, "*/*": formJSON, "text/html, */*;q=0.8": formJSON, "text/csv;q=0.5, application/json;q=0.9": formJSON, "text/csv": formCSV,
		"application/x-npy, */*": formNPY, "nonsense;;, text/csv;q=x": formJSON, "text/csv;q=0": formJSON,
	} {
		if got := formOf(accept); got != want {
			t.Errorf("%q: %s, expected %s", accept, got, want)
		}
	}
}
