package codec

import "encoding/binary"

// storedPhotometric is the interpretation of samples as the file has it, or −1: libtiff silently takes a palette that is missing or cut off
// for grey.
func storedPhotometric(data []byte) int {
	if len(data) < 16 {
		return -1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 'M' {
		order = binary.BigEndian
	}
	at, head, entry, value := uint64(order.Uint32(data[4:])), uint64(2), 12, 8
	if order.Uint16(data[2:]) == 43 { // BigTIFF
		at, head, entry, value = order.Uint64(data[8:]), 8, 20, 12
	}
	if at > uint64(len(data))-head {
		return -1
	}
	for rest := data[at+head:]; len(rest) >= entry; rest = rest[entry:] {
		switch tag := order.Uint16(rest); {
		case tag == tagPhotometric:
			return int(order.Uint16(rest[value:]))
		case tag > tagPhotometric: // tags are in order
			return -1
		}
	}
	return -1
}
