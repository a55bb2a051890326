package codec

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"

	"github.com/facet-clip/facet/dataset/codec/module"
)

var (
	// ErrDamaged is returned when a picture is not what its format prescribes, or is cut off.
	ErrDamaged = errors.New("damaged")
	// ErrUnsupported is returned when a picture may be sound, but is of a kind that is not decoded.
	ErrUnsupported = errors.New("unsupported")
)

// library is one run of the libraries over one file. After an error it is not used again.
type library struct {
	*module.Module
	data []byte
}

func newLibrary(data []byte) *library {
	l := &library{data: data}
	l.Module = module.New(l, l)
	l.X_initialize()
	return l
}

// memory is that of the libraries. It is another slice after any call into them.
func (l *library) memory() []byte { return *l.Xmemory().Slice() }

// allocate takes n bytes of the libraries' memory.
func (l *library) allocate(n int) int32 {
	p := l.Xallocate(int32(n))
	if p == 0 {
		panic(unsupported("it needs more memory than the decoder can have"))
	}
	return p
}

// failure is why there is no picture: of kind [ErrDamaged] or [ErrUnsupported].
type failure struct {
	kind    error
	message string
}

func (f failure) Error() string { return f.message }

func (f failure) Unwrap() error { return f.kind }

func damaged(format string, args ...any) error {
	return failure{ErrDamaged, fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) error {
	return failure{ErrUnsupported, fmt.Sprintf(format, args...)}
}

// caught turns the panic that ended a run into an error.
func caught(err *error) {
	switch p := recover().(type) {
	case nil:
	case failure:
		*err = p
	case runtime.Error: // out of the libraries' own memory: their fault or a hostile file, and contained
		*err = damaged("the decoder left its memory")
	default:
		panic(p)
	}
}

func (l *library) text(p int32) string {
	text := l.memory()[uint32(p):]
	if n := bytes.IndexByte(text, 0); n >= 0 {
		text = text[:n]
	}
	return string(bytes.ToValidUTF8(text[:min(len(text), 300)], []byte("?")))
}

// Xfail is called when a picture is damaged.
func (l *library) Xfail(message int32) { panic(failure{ErrDamaged, l.text(message)}) }

// Xunsupported is called when a picture is of a kind that the library does not decode.
func (l *library) Xunsupported(message int32) { panic(failure{ErrUnsupported, l.text(message)}) }

// Xinput copies bytes of the file to the libraries.
func (l *library) Xinput(offset int64, to, n int32) int32 {
	if offset < 0 || offset >= int64(len(l.data)) || n <= 0 {
		return 0
	}
	return int32(copy(l.memory()[uint32(to):][:n], l.data[offset:]))
}

// Xsize is the length of the file.
func (l *library) Xsize() int64 { return int64(len(l.data)) }

// The libraries have no system: what they would print or look up is nothing.
const errNoSuchFile = 8

// Xfd_close, as the methods below, stands in for the system.
func (l *library) Xfd_close(int32) int32 { return errNoSuchFile }

// Xfd_seek fails.
func (l *library) Xfd_seek(int32, int64, int32, int32) int32 { return errNoSuchFile }

// Xfd_write fails.
func (l *library) Xfd_write(_, _, _, _ int32) int32 { return errNoSuchFile }

// Xproc_exit is called when C code aborts.
func (l *library) Xproc_exit(int32) { panic(failure{ErrDamaged, "the decoder gave up"}) }
