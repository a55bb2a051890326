package regular

import (
	"context"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// passedOn are the paths under which a shell passes streams on, as in facet texts <(sort words.txt).
var passedOn = []string{"/dev/stdin", "/dev/fd/", "/proc/self/fd/"}

// Stream opens a regular file, or a pipe that a shell passed on, for reading. Reading a pipe ends with the context. Errors are those of [Open].
func Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 || !isPassedOn(path) {
		return Open(path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	// Where the system knows no deadline for pipes, reading goes on until a second signal.
	stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	return &stream{ctx, f, stop}, nil
}

// Read reads a file, or a pipe that a shell passed on, with a reader that is given its name for errors.
func Read[T any](ctx context.Context, path string, read func(name string, r io.Reader) (T, error)) (T, error) {
	f, err := Stream(ctx, path)
	if err != nil {
		var none T
		return none, err
	}
	defer f.Close()
	return read(path, f)
}

func isPassedOn(path string) bool {
	for _, p := range passedOn {
		if path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}

type stream struct {
	ctx  context.Context
	file *os.File
	stop func() bool
}

// Read reads, or fails with the context's error.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.file.Read(b)
	if ended := s.ctx.Err(); err != nil && ended != nil {
		return n, ended
	}
	return n, err
}

// Close closes the pipe.
func (s *stream) Close() error {
	s.stop()
	return s.file.Close()
}
