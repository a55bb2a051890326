package checkpoint

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// torchTop is the folder inside the archive. PyTorch takes the name of the file; any will do.
const torchTop = "archive"

// torchAlign is where PyTorch has the numbers of a tensor begin, so that a mapped file can be used as it is.
const torchAlign = 64

// WriteTorch writes tensors as torch.save writes a state dict: an archive that torch.load reads with weights_only, and with it OpenAI's clip.load. The
// pickle inside names nothing but what makes tensors. Errors are those of [WriteSafetensors].
func WriteTorch(w io.Writer, tensors []Data) error {
	for _, t := range tensors {
		if err := t.check(); err != nil {
			return err
		}
	}
	pickle, err := stateDict(tensors)
	if err != nil {
		return err
	}
	at := &position{w: bufio.NewWriterSize(w, 1<<16)}
	z := zip.NewWriter(at)
	a := torchWriter{z, at}
	if err := a.add("data.pkl", pickle); err != nil {
		return err
	}
	if err := a.add("byteorder", []byte("little")); err != nil {
		return err
	}
	for i, t := range tensors {
		if t.Bytes == nil {
			var b bytes.Buffer
			out := bufio.NewWriter(&b)
			writeNumbers(out, t)
			if err := out.Flush(); err != nil {
				return err
			}
			t.Bytes = b.Bytes()
		}
		if err := a.add(fmt.Sprintf("data/%d", i), t.Bytes); err != nil {
			return fmt.Errorf("write tensor %s: %w", t.Name, err)
		}
	}
	if err := a.add("version", []byte("3\n")); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return at.w.Flush()
}

// position counts what is written.
type position struct {
	w *bufio.Writer
	n int64
}

func (p *position) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.n += int64(n)
	return n, err
}

// torchWriter adds entries as PyTorch does: stored, with sizes before the bytes, at a multiple of [torchAlign].
type torchWriter struct {
	*zip.Writer
	at *position
}

func (a torchWriter) add(name string, data []byte) error {
	const localHeader, paddingHeader = 30, 4
	if err := a.Flush(); err != nil { // so that the position is known
		return err
	}
	h := &zip.FileHeader{
		Name: torchTop + "/" + name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(data),
		CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data)),
	}
	begin := a.at.n + localHeader + int64(len(h.Name)) + paddingHeader
	pad := int((torchAlign - begin%torchAlign) % torchAlign)
	h.Extra = append([]byte{'F', 'B', byte(pad), 0}, bytes.Repeat([]byte{'Z'}, pad)...)
	w, err := a.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// The instructions of pickle's protocol 2 that a state dict takes.
const (
	opProto      = 0x80
	opGlobal     = 'c'
	opMark       = '('
	opEmptyTuple = ')'
	opTuple      = 't'
	opReduce     = 'R'
	opBinUnicode = 'X'
	opBinInt     = 'J'
	opLong1      = 0x8a
	opNewFalse   = 0x89
	opPersistent = 'Q'
	opSetItems   = 'u'
	opStop       = '.'
)

// pickler writes a pickle.
type pickler struct{ bytes.Buffer }

func (p *pickler) global(module, name string) {
	p.WriteByte(opGlobal)
	p.WriteString(module + "\n" + name + "\n")
}

func (p *pickler) text(s string) {
	p.WriteByte(opBinUnicode)
	p.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	p.WriteString(s)
}

func (p *pickler) number(n int) {
	if n <= math.MaxInt32 {
		p.WriteByte(opBinInt)
		p.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
		return
	}
	p.Write([]byte{opLong1, 8})
	p.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

func (p *pickler) numbers(list []int) {
	p.WriteByte(opMark)
	for _, n := range list {
		p.number(n)
	}
	p.WriteByte(opTuple)
}

// orderedDict leaves an empty OrderedDict on the stack.
func (p *pickler) orderedDict() {
	p.global("collections", "OrderedDict")
	p.Write([]byte{opEmptyTuple, opReduce})
}

// tensor calls torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()).
func (p *pickler) tensor(t Data, key, storage string) {
	n, _ := product(t.Shape...)
	p.global("torch._utils", "_rebuild_tensor_v2")
	p.WriteByte(opMark)
	p.WriteByte(opMark)
	p.text("storage")
	p.global("torch", storage)
	p.text(key)
	p.text("cpu")
	p.number(n)
	p.Write([]byte{opTuple, opPersistent})
	p.number(0)
	p.numbers(t.Shape)
	p.numbers(rowMajor(t.Shape))
	p.WriteByte(opNewFalse)
	p.orderedDict()
	p.Write([]byte{opTuple, opReduce})
}

// stateDict is the pickle of an OrderedDict of tensors.
func stateDict(tensors []Data) ([]byte, error) {
	kinds := map[DType]string{}
	for name, d := range storageTypes {
		kinds[d] = name
	}
	var p pickler
	p.Write([]byte{opProto, 2})
	p.orderedDict()
	p.WriteByte(opMark)
	for i, t := range tensors {
		storage, ok := kinds[t.DType]
		if !ok {
			return nil, fmt.Errorf("write tensor %s: PyTorch has no storage of %s", t.Name, t.DType)
		}
		p.text(t.Name)
		p.tensor(t, fmt.Sprint(i), storage)
	}
	p.Write([]byte{opSetItems, opStop})
	return p.Bytes(), nil
}
