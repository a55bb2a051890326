package scenes

import "slices"

// nameOf returns name(), or a marker such as "unknown colour" for a value out of range.
func nameOf(ok bool, what string, name func() string) string {
	if !ok {
		return "unknown " + what
	}
	return name()
}

// copyIf returns a copy of words(), or nil for a value out of range.
func copyIf(ok bool, words func() []string) []string {
	if !ok {
		return nil
	}
	return slices.Clone(words())
}

func contains[T comparable](all []T, x T) bool { return slices.Contains(all, x) }

// list returns the values first, first+1, …, end-1.
func list[T ~uint8](first, end T) []T {
	all := make([]T, 0, int(end-first))
	for v := first; v < end; v++ {
		all = append(all, v)
	}
	return all
}
