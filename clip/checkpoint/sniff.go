package checkpoint

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

type content int

const (
	contentZip content = iota
	contentSafetensors
	contentIndex // of shards
)

// legacyMagic opens every torch.save file of PyTorch before 1.6: the pickled number
// 0x1950a86a20f9469cfc6c, after the two bytes of the protocol.
var legacyMagic = []byte{0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19}

// byteOrderMark is what some editors begin a text with.
var byteOrderMark = []byte("\xef\xbb\xbf")

// sniff tells the containers apart and says what the file is otherwise.
func sniff(data []byte) (content, error) {
	const jsonStart = 8
	switch {
	case len(data) > jsonStart && data[jsonStart] == '{' && binary.LittleEndian.Uint32(data[4:]) == 0:
		return contentSafetensors, nil
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return contentZip, nil
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 64)], byteOrderMark), " \t\r\n"), []byte("{")):
		return contentIndex, nil
	case len(data) > 2 && data[0] == 0x80 && bytes.HasPrefix(data[2:], legacyMagic), isTar(data):
		return 0, fmt.Errorf("%w: it is in the format that PyTorch wrote before 1.6; load it in PyTorch and "+
			"save it again: torch.save(torch.load(OLD, map_location=\"cpu\"), NEW)", ErrUnsupported)
	}
	return 0, fmt.Errorf("%w: expected a PyTorch archive (zip), safetensors or an index of shards, found %s", ErrNotCheckpoint, describe(data))
}

func isTar(data []byte) bool {
	const at = 257
	return len(data) > at+5 && string(data[at:at+5]) == "ustar"
}

// describe names the files that end up in a checkpoint's place.
func describe(data []byte) string {
	const most = 512
	head := data[:min(len(data), most)]
	text := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), " \t\r\n"))
	for _, m := range []struct {
		in           []byte
		prefix, what string
	}{
		{text, "<!doctype", "an HTML page (was an error page saved as the checkpoint?)"},
		{text, "<html", "an HTML page (was an error page saved as the checkpoint?)"},
		{text, "<?xml", "an XML document (was an error page saved as the checkpoint?)"},
		{text, "version https://git-lfs", "a git-lfs pointer (fetch the file itself: git lfs pull)"},
		{head, "\x80", "a bare pickle, which PyTorch does not write"},
		{head, "PK\x05\x06", "an empty zip archive"},
		{head, "\x1f\x8b", "a gzip file (unpack it first)"},
		{head, "\x89HDF", "an HDF5 file"},
		{head, "\x93NUMPY", "a NumPy array"},
		{head, "GGUF", "a GGUF file"},
		{head, "\x89PNG", "a PNG image"},
		{head, "\xff\xd8\xff", "a JPEG image"},
	} {
		if bytes.HasPrefix(m.in, []byte(m.prefix)) {
			return m.what
		}
	}
	return fmt.Sprintf("%d bytes that start with %q", len(data), head[:min(len(head), 16)])
}
