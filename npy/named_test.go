package npy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteNames(t *testing.T) {
	var out strings.Builder
	if err := WriteNames(&out, []string{"a b.png", "line\nend", `"quoted"`, "", "é.png"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("a b.png\n\"line\\nend\"\n\"\\\"quoted\\\"\"\n\né.png\n", out.String()); diff != "" {
		t.Error(diff)
	}
}
