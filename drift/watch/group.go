package watch

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"unicode"

	"github.com/facet-clip/facet/drift/store"
	"github.com/facet-clip/facet/internal/foreign"
)

// NoGroup is the group of images that name none.
const NoGroup = "(none)"

// groupOf is the group whose stream an image belongs to, by the name that came with it; empty where the stream is followed as a whole.
func (w *Watcher) groupOf(name string) (string, error) {
	if !w.PerGroup {
		return "", nil
	}
	if len(name) > store.LongestGroup || strings.ToValidUTF8(name, "") != name || strings.ContainsFunc(name, unicode.IsControl) {
		return "", fmt.Errorf("group %s: expected at most %d bytes of UTF-8, without control characters", foreign.Quote(name), store.LongestGroup)
	}
	return cmp.Or(name, NoGroup), nil
}

// groupOfFile is the folder directly below a watched one in which a file lies; empty: it lies in the watched one itself.
func groupOfFile(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return ""
	}
	first, _, below := strings.Cut(filepath.ToSlash(rel), "/")
	if !below {
		return ""
	}
	return strings.ToValidUTF8(first, "\uFFFD")
}

// repeats counts, by group, pictures that came again.
type repeats struct {
	mutex sync.Mutex
	count map[string]int
}

func (r *repeats) add(group string, n int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.count == nil {
		r.count = map[string]int{}
	}
	if len(r.count) > store.MostGroups { // whoever posts names groups
		clear(r.count)
	}
	if r.count[group] += n; r.count[group] <= 0 {
		delete(r.count, group)
	}
}

func (r *repeats) of(group string) int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.count[group]
}
