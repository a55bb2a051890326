package naming

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/facet-clip/facet/concept"
	"github.com/facet-clip/facet/internal/atomicfile"
)

// ErrOther is returned when a journal is of other labels, or no journal.
var ErrOther = errors.New("it holds something else")

// Journal keeps the labels of a run that is under way in a file, so that a run that was cut off goes on where it was. It is
//
//	magic, fingerprint [32]byte, then chunks: length uint32 of the labels, their CRC-32, labels
//
// in little endian. Labels stand in the order in which a run asks for them, which is the same every time. What follows the last whole chunk, as
// a killed run leaves it, is cut off. A nil Journal keeps nothing.
type Journal struct {
	file  *os.File
	lock  *atomicfile.Lock
	known []concept.Label // of earlier runs, not asked for again yet
	fresh []concept.Label // not in the file yet
}

const (
	magic      = "facet labels under way, 1\n"
	chunkRoom  = 8       // bytes before a chunk's labels
	chunkMost  = 1 << 28 // bytes
	chunkCount = 64      // labels that are safe after each step
)

// OpenJournal opens or begins the journal at path of labels that a fingerprint stands for, in so many texts. [ErrOther]: it is of others. It fails
// too while another process has it.
func OpenJournal(path string, fingerprint [32]byte, texts int) (*Journal, error) {
	lock, err := atomicfile.TryLock(lockOf(path))
	if errors.Is(err, atomicfile.ErrLocked) {
		return nil, fmt.Errorf("%s: another process is making these labels: %w", path, err)
	}
	if err != nil {
		return nil, err
	}
	file, err := atomicfile.Open(path)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	j := &Journal{file: file, lock: lock}
	if err := j.read(fingerprint, texts); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), j.Close())
	}
	return j, nil
}

// lockOf is the hidden file whose lock a journal's owner holds.
func lockOf(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock")
}

// Count is how many labels of earlier runs are at hand.
func (j *Journal) Count() int {
	if j == nil {
		return 0
	}
	return len(j.known)
}

// Close lets go of the file, which stays.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	return errors.Join(j.file.Close(), j.lock.Unlock())
}

// Remove takes the file away, once the labels are kept elsewhere.
func (j *Journal) Remove() error {
	if j == nil {
		return nil
	}
	return os.Remove(j.file.Name())
}

// Fit is a labeller's, for units of width embed, as far as the journal does not know their labels.
func (j *Journal) Fit(l *concept.Labeller, embed int) Fit {
	return func(ctx context.Context, units concept.Units, done func(int)) ([]concept.Label, error) {
		known := j.take(units.Count(embed))
		count := 0
		report := func(n int) {
			if count += n; done != nil {
				done(count)
			}
		}
		report(len(known))
		rest, err := l.Label(ctx, units.After(len(known), embed), func(labels []concept.Label) error {
			report(len(labels))
			return j.keep(labels)
		})
		return append(known, rest...), errors.Join(err, j.flush())
	}
}

// take gives the next labels of earlier runs, at most n.
func (j *Journal) take(n int) []concept.Label {
	if j == nil {
		return nil
	}
	n = min(n, len(j.known))
	taken := j.known[:n:n]
	j.known = j.known[n:]
	return taken
}

func (j *Journal) keep(labels []concept.Label) error {
	if j == nil {
		return nil
	}
	if j.fresh = append(j.fresh, labels...); len(j.fresh) < chunkCount {
		return nil
	}
	return j.flush()
}

// flush writes a chunk of what is not in the file yet.
func (j *Journal) flush() error {
	if j == nil || len(j.fresh) == 0 {
		return nil
	}
	chunk := make([]byte, chunkRoom)
	for _, l := range j.fresh {
		chunk = appendLabel(chunk, l)
	}
	j.fresh = nil
	binary.LittleEndian.PutUint32(chunk, uint32(len(chunk)-chunkRoom))
	binary.LittleEndian.PutUint32(chunk[4:], crc32.ChecksumIEEE(chunk[chunkRoom:]))
	_, err := j.file.Write(chunk)
	return errors.Join(err, j.file.Sync())
}

// read takes in what an earlier run left, or begins the file.
func (j *Journal) read(fingerprint [32]byte, texts int) error {
	f := j.file
	head := append([]byte(magic), fingerprint[:]...)
	have := make([]byte, len(head))
	n, err := io.ReadFull(f, have)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if !bytes.Equal(have[:n], head[:n]) {
		return fmt.Errorf("%w: labels under way by another bank, model, atlas or other options, or no labels: finish those, or remove it", ErrOther)
	}
	end := int64(len(head))
	if n == len(head) {
		var size int64
		j.known, size = readChunks(bufio.NewReader(f), texts)
		end += size
	} else if _, err := f.WriteAt(head, 0); err != nil {
		return err
	}
	_, err = f.Seek(end, io.SeekStart)
	return errors.Join(f.Truncate(end), err, f.Sync())
}

// readChunks reads whole chunks, and says how many bytes they are.
func readChunks(r io.Reader, texts int) (labels []concept.Label, size int64) {
	var room [chunkRoom]byte
	for {
		if _, err := io.ReadFull(r, room[:]); err != nil {
			return labels, size
		}
		length := binary.LittleEndian.Uint32(room[:])
		if length > chunkMost {
			return labels, size
		}
		var chunk bytes.Buffer // grows by what is there, whatever the length says
		if n, err := io.CopyN(&chunk, r, int64(length)); err != nil || n != int64(length) || crc32.ChecksumIEEE(chunk.Bytes()) != binary.LittleEndian.Uint32(room[4:]) {
			return labels, size
		}
		some, err := parseLabels(chunk.Bytes(), texts)
		if err != nil {
			return labels, size
		}
		labels, size = append(labels, some...), size+chunkRoom+int64(length)
	}
}

// appendLabel writes margin, stability, the numbers of terms and of weights, terms and weights.
func appendLabel(b []byte, l concept.Label) []byte {
	number := func(v float64) { b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v)) }
	count := func(n int) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) }
	number(l.Margin)
	number(l.Stability)
	count(len(l.Terms))
	count(len(l.Weights))
	for _, t := range l.Terms {
		count(t.Word)
		number(t.Coefficient)
		number(t.Explained)
		number(t.Cosine)
	}
	for _, w := range l.Weights {
		number(w)
	}
	return b
}

var errDamaged = errors.New("damaged labels")

// parser takes numbers off bytes; too few of them make it bad.
type parser struct {
	rest []byte
	bad  bool
}

func (p *parser) bytes(n int) []byte {
	if p.bad = p.bad || len(p.rest) < n; p.bad {
		return make([]byte, n)
	}
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

func (p *parser) count() int { return int(binary.LittleEndian.Uint32(p.bytes(4))) }

// number is finite, or it makes the parser bad.
func (p *parser) number() float64 {
	v := math.Float64frombits(binary.LittleEndian.Uint64(p.bytes(8)))
	p.bad = p.bad || v-v != 0
	return v
}

// parseLabels reads what appendLabel writes, of words of so many texts.
func parseLabels(b []byte, texts int) (labels []concept.Label, err error) {
	p := parser{rest: b}
	for len(p.rest) > 0 && !p.bad {
		l := concept.Label{Margin: p.number(), Stability: p.number()}
		terms, weights := p.count(), p.count()
		p.bad = p.bad || terms > texts || weights > terms
		for i := 0; i < terms && !p.bad; i++ {
			l.Terms = append(l.Terms, concept.Term{Word: p.count(), Coefficient: p.number(), Explained: p.number(), Cosine: p.number()})
			p.bad = p.bad || l.Terms[i].Word >= texts
		}
		for i := 0; i < weights && !p.bad; i++ {
			l.Weights = append(l.Weights, p.number())
		}
		labels = append(labels, l)
	}
	if p.bad {
		return nil, errDamaged
	}
	return labels, nil
}
