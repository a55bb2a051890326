package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestMissingListsAreErrors: no verb takes the name of a file that is not there for a text.
func TestMissingListsAreErrors(t *testing.T) {
	dir := t.TempDir()
	picture := drawn(t, dir, "a.png", 1)
	missing := filepath.Join(dir, "missing.txt")
	for _, args := range [][]string{
		{"classify", picture, "--labels", "missing.txt"}, {"segment", picture, "--classes", "missing.txt"}, {"segment", picture, "--classes-file", missing},
		{"segment", picture, "--classes", "a, b", "--background", "missing.txt"}, {"segment", picture, "--classes", "a, b", "--why", "1,1", "--bank", missing},
		{"embed", "--texts", missing, "--json"}, {"explain", picture, "--bank", missing}, {"explain", picture, "--text", "missing.txt"},
		{"search", "a car", "--bank", missing}, {"search", "missing.txt"}, {"texts", missing, "-o", filepath.Join(dir, "b")},
		{"classify", picture, "--labels", "a, b", "--templates", missing},
		{"drift", "profile", "scenes:steady?n=2&size=64", "--watch", "missing.txt", "-o", filepath.Join(dir, "p")},
		{"drift", "profile", "scenes:steady?n=2&size=64", "--watch-file", missing, "-o", filepath.Join(dir, "p")},
	} {
		code, _, log := facet(t, append(args, "--model", "demo")...)
		if code == exitOK || !strings.Contains(log, "missing.txt") {
			t.Errorf("facet %s: exit code %d: %s", strings.Join(args, " "), code, log)
		}
	}
}
