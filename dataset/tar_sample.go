package dataset

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
)

// tarSample is what WebDataset makes of members that stand together and have one key, which is the name up to the first dot of its last part:
// a/000.png, a/000.cls and a/000.seg.png have the key a/000. The picture is the first member with a picture's ending; its label is in .cls or
// .txt, or in .json under label, class or cls.
type tarSample struct {
	key, member string // member: the picture's name; empty: none yet
	picture     []byte
	err         error // why the picture cannot be read
	label       string
	others      []lost // pictures that are not the sample's
}

// lost is a picture that is not read, and why.
type lost struct {
	member string
	why    error
	fatal  bool // nothing else of the sample stands for it
}

// splitMember cuts a/b/000.seg.png into a/b/000 and .seg.png. What is no member of a sample has no key: names that begin with a dot or have none, what macOS adds
// (._000.png, __MACOSX) and WebDataset's own notes (__meta__).
func splitMember(name string) (key, ending string) {
	dir, base := path.Split(name)
	first, _, _ := strings.Cut(strings.TrimPrefix(name, "./"), "/")
	stem, ending, dotted := strings.Cut(base, ".")
	switch {
	case stem == "" || !dotted, strings.Contains("/"+dir, "/__MACOSX/"):
		return "", ""
	case len(first) >= 4 && strings.HasPrefix(first, "__") && strings.HasSuffix(first, "__"):
		return "", ""
	}
	return dir + stem, "." + strings.ToLower(ending)
}

// maxOthers is the most pictures of one sample that are named; more are counted.
const maxOthers = 10_000

// stored are the types of members that hold their content. Other types are links and devices.
var stored = map[byte]bool{tar.TypeReg: true, tar.TypeCont: true, tar.TypeGNUSparse: true}

func (s *tarSample) add(h *tar.Header, ending string, in io.Reader, ignored *int) error {
	text := ending == ".cls" || ending == ".txt" || ending == ".json"
	switch {
	case !text && !isPicture(h.Name):
		return nil // WebDataset keeps anything; facet looks at pictures and labels
	case !stored[h.Typeflag] && text, len(s.others) == maxOthers:
		*ignored++
		return nil
	case !stored[h.Typeflag]:
		s.others = append(s.others, lost{h.Name, fmt.Errorf("%s, which is unsupported in a shard: expected the picture itself", memberType(h)), true})
		return nil
	case !text && !extensions[ending]:
		s.others = append(s.others, lost{h.Name, fmt.Errorf("a member %s of sample %s, which has no picture: WebDataset's keys end at the first dot", ending, s.key), false})
		return nil
	case !text && s.member != "":
		s.others = append(s.others, lost{h.Name, fmt.Errorf("a second picture of sample %s", s.key), false})
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(in, maxMember+1))
	if err != nil {
		return err
	}
	switch {
	case !text && len(data) > maxMember:
		s.member, s.err = h.Name, fmt.Errorf("more than %d bytes", maxMember)
	case !text:
		s.member, s.picture = h.Name, data
	case ending == ".json":
		s.label = jsonLabel(data, s.label)
	case ending == ".cls" || s.label == "":
		s.label = strings.TrimSpace(string(data[:min(len(data), 1<<10)]))
	}
	return nil
}

// memberType says in words what a member is that holds no content.
func memberType(h *tar.Header) string {
	switch h.Typeflag {
	case tar.TypeLink:
		return "a hard link to " + h.Linkname
	case tar.TypeSymlink:
		return "a symbolic link to " + h.Linkname
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return "a device or a pipe"
	}
	return fmt.Sprintf("a member of type %q", h.Typeflag)
}

// jsonLabel is the label in a sample's .json, or what was known before.
func jsonLabel(data []byte, before string) string {
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil {
		return before // WebDataset's .json may hold anything
	}
	for _, key := range []string{"label", "class", "cls"} {
		if text, err := plain(object[key]); err == nil && text != "" {
			return text
		}
	}
	return before
}

// items are the sample's picture and the pictures that are lost. Masks and other pictures beside the sample's are counted.
func (s tarSample) items(file string, ignored *int) []Item {
	var all []Item
	if s.member != "" {
		all = append(all, memberItem(file, s.member, s.label, s.picture, s.err))
	}
	for _, l := range s.others {
		if l.fatal || s.member == "" {
			all = append(all, memberItem(file, l.member, s.label, nil, l.why))
		} else {
			*ignored++
		}
	}
	return all
}

// memberItem is a picture in a shard, or why it cannot be read.
func memberItem(file, member, label string, data []byte, err error) Item {
	p := file + memberMark + member
	return Item{Path: p, Label: label, decode: decodeNamed(p), read: func() ([]byte, error) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		return data, nil
	}}
}
