package segment

import (
	"fmt"
	"io"
	"strings"

	"github.com/facet-clip/facet/textfile"
)

// Class is a class in words: its name, and the texts that mean it, the name first.
type Class struct {
	Name  string
	Texts []string
}

const maxClasses = 10_000

// ReadClasses reads a class a line: its name, and after commas other words for the same ("car, automobile"). Blank lines and lines that begin with #
// are left out. A text that is there twice, and nothing to read, are errors that name the place.
func ReadClasses(name string, r io.Reader) ([]Class, error) {
	var classes []Class
	first := map[string]int{}
	for l, err := range textfile.Lines(r) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		number, line := l.Number, strings.TrimSpace(l.Text)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		c, err := ParseClass(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
		for _, text := range c.Texts {
			if line, twice := first[text]; twice {
				return nil, fmt.Errorf("%s:%d: %q is there twice, first in line %d", name, number, text, line)
			}
			first[text] = number
		}
		if classes = append(classes, c); len(classes) > maxClasses {
			return nil, fmt.Errorf("%s: expected at most %d classes", name, maxClasses)
		}
	}
	if len(classes) == 0 {
		return nil, fmt.Errorf("%s: expected a class a line, found none", name)
	}
	return classes, nil
}

// ParseClass reads the words of one class, separated by commas.
func ParseClass(line string) (Class, error) {
	var c Class
	for text := range strings.SplitSeq(line, ",") {
		if text = strings.TrimSpace(text); text != "" {
			c.Texts = append(c.Texts, text)
		}
	}
	if len(c.Texts) == 0 {
		return Class{}, fmt.Errorf("%q: expected a name", line)
	}
	c.Name = c.Texts[0]
	return c, nil
}
