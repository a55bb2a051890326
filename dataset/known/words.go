package known

// Protocol is the set of a layout without pictures: the classes and the templates of its published protocol. It is an error for a layout without one.
func Protocol(kind string) (*Set, error) {
	words := fromPrompts
	if kind == "imagenet" {
		words = fromNotebook
	}
	set, err := protocol(kind, words)
	if err == nil {
		set.Kind = kind
	}
	return set, err
}
