package flags

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/regular"
)

// ListOrFile reads the value of a flag that takes a list with commas or a file with an entry a line: the entries, or none where it is a file that is there.
// What looks like a file and is not there is an error, and not an entry of that name.
func ListOrFile(flag, value string) (entries []string, err error) {
	if _, err := os.Stat(value); err == nil {
		return nil, nil
	}
	if !strings.Contains(value, ",") && looksLikePath(value) {
		return nil, fmt.Errorf("%s %s: %w: expected a list with commas or a file that is there", flag, value, fs.ErrNotExist)
	}
	for entry := range strings.SplitSeq(value, ",") {
		if entry = strings.TrimSpace(entry); IsFileName(entry) {
			return nil, fmt.Errorf("%s: %s looks like a file: expected a list with commas, or one file alone", flag, entry)
		}
		if entry != "" {
			entries = append(entries, entry)
		}
	}
	if len(entries) == 0 {
		return nil, Mistakef("%s %q: expected a list with commas or a file", flag, value)
	}
	return entries, nil
}

// Entries reads a file's lines, or the entries of a list with commas.
func Entries(ctx context.Context, flag, value string) ([]string, error) {
	entries, err := ListOrFile(flag, value)
	if err != nil || entries != nil {
		return entries, err
	}
	return regular.Read(ctx, value, concept.ReadLines)
}

// Text refuses the name of a file where a text itself is wanted; instead says what to write for a file.
func Text(flag, text, instead string) error {
	if IsFileName(text) {
		return Mistakef("%s %s: expected a text, found what looks like the name of a file%s", flag, text, instead)
	}
	return nil
}

// textEndings are those of files that hold lists of texts.
var textEndings = []string{".txt", ".csv", ".tsv", ".json", ".jsonl", ".lst", ".parquet", ".npy"}

// IsFileName tells whether something is certainly meant as a file's name.
func IsFileName(s string) bool {
	for _, prefix := range []string{"/", "./", "../", "~/", `.\`, `..\`} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return filepath.VolumeName(s) != "" || slices.Contains(textEndings, strings.ToLower(filepath.Ext(s)))
}

// looksLikePath tells whether a list is more likely a path: it has a separator and nothing that lists and texts have.
func looksLikePath(s string) bool {
	return IsFileName(s) || strings.ContainsAny(s, `/\`) && !strings.ContainsAny(s, ", ")
}
