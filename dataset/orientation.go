package dataset

import (
	"bytes"
	"encoding/binary"
)

// orientation is how EXIF data say that a picture is to be seen, 1 to 8; 0 when they say nothing. Damaged data say nothing.
func orientation(format string, data []byte) int {
	switch format {
	case "JPEG":
		return tiffOrientation(jpegExif(data))
	case "PNG":
		return tiffOrientation(pngExif(data))
	case "WebP":
		return tiffOrientation(webpExif(data))
	}
	return 0
}

// exifMark comes before the TIFF directory of EXIF data, always in JPEG and sometimes in WebP.
const exifMark = "Exif\x00\x00"

// jpegExif is what the first APP1 segment with EXIF data holds.
func jpegExif(data []byte) []byte {
	const app1, scan = 0xE1, 0xDA
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xFF {
			return nil
		}
		marker := data[i+1]
		if marker == 0xFF { // a fill byte
			i++
			continue
		}
		end := i + 2 + int(binary.BigEndian.Uint16(data[i+2:]))
		if marker == scan || end > len(data) || end < i+4 {
			return nil
		}
		if body, ok := bytes.CutPrefix(data[i+4:end], []byte(exifMark)); ok && marker == app1 {
			return body
		}
		i = end
	}
	return nil
}

// pngExif is the body of the chunk eXIf, before or after the pixels.
func pngExif(data []byte) []byte {
	for rest := data[min(len(pngSignature), len(data)):]; len(rest) >= 12; {
		n := int64(binary.BigEndian.Uint32(rest))
		if n > int64(len(rest)-12) {
			return nil
		}
		if string(rest[4:8]) == "eXIf" {
			return rest[8 : 8+n]
		}
		rest = rest[12+n:]
	}
	return nil
}

// webpExif is the body of the chunk EXIF.
func webpExif(data []byte) []byte {
	const header = 12
	for rest := data[min(header, len(data)):]; len(rest) >= 8; {
		n := int64(binary.LittleEndian.Uint32(rest[4:]))
		if n > int64(len(rest)-8) {
			return nil
		}
		if string(rest[:4]) == "EXIF" {
			return bytes.TrimPrefix(rest[8:8+n], []byte(exifMark))
		}
		rest = rest[min(8+n+n%2, int64(len(rest))):]
	}
	return nil
}

// tiffOrientation finds the orientation in the first directory of EXIF data, which are a TIFF.
func tiffOrientation(data []byte) int {
	const tag, entry = 0x0112, 12
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(data, []byte("MM\x00*")):
		order = binary.BigEndian
	case !bytes.HasPrefix(data, []byte("II*\x00")):
		return 0
	}
	if len(data) < 8 {
		return 0
	}
	at := int64(order.Uint32(data[4:]))
	if at > int64(len(data)-2) {
		return 0
	}
	directory := data[at+2:]
	for range order.Uint16(data[at:]) {
		if len(directory) < entry {
			return 0
		}
		if order.Uint16(directory) == tag {
			if v := int(order.Uint16(directory[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
		directory = directory[entry:]
	}
	return 0
}
