package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestDescribed: the description of the API is OpenAPI 3.1, and says of every address, parameter and field what it is.
func TestDescribed(t *testing.T) {
	out := send(newServer(t, "127.0.0.1:8080", nil).Handler(), "GET", "/api/openapi.json", nil, nil)
	var api struct {
		OpenAPI    string
		Paths      map[string]map[string]struct{ Summary string }
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Description string
					Ref         string `json:"$ref"`
				}
			}
		}
	}
	if err := json.Unmarshal(out.Body.Bytes(), &api); err != nil || out.Code != http.StatusOK || !strings.HasPrefix(api.OpenAPI, "3.1") {
		t.Fatalf("%d %v %s", out.Code, err, api.OpenAPI)
	}
	for address, methods := range api.Paths {
		for method, op := range methods {
			if op.Summary == "" {
				t.Errorf("%s %s: no summary", method, address)
			}
		}
	}
	checked := 0
	for name, schema := range api.Components.Schemas {
		for field, p := range schema.Properties {
			if checked++; p.Description == "" {
				t.Errorf("%s.%s has no description", name, field)
			}
		}
	}
	if checked < 100 {
		t.Errorf("only %d fields are described", checked)
	}
}
