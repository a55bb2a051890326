package drift

// Distinct tells pictures that came before, by the SHA-256 of their content: a picture counts once, in a profile, in a comparison and in a stream.
// Placeholders and a stuck camera would otherwise be many images in the one and none in the other.
type Distinct struct {
	Repeated int    // pictures that came again
	Keys     []byte // the first 16 bytes of each content, in the order in which they came

	known map[[keyBytes]byte]bool
}

const keyBytes = 16

// New reports whether a content comes for the first time, and keeps it.
func (d *Distinct) New(hash [32]byte) bool {
	if d.known == nil {
		d.known = map[[keyBytes]byte]bool{}
		for k := d.Keys; len(k) >= keyBytes; k = k[keyBytes:] {
			d.known[[keyBytes]byte(k)] = true
		}
	}
	key := [keyBytes]byte(hash[:])
	if d.known[key] {
		d.Repeated++
		return false
	}
	d.known[key], d.Keys = true, append(d.Keys, key[:]...)
	return true
}
