package bucket

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

const (
	amazon    = "https://s3.amazonaws.com"
	partBytes = 16 << 20        // of an upload: what is sent at a time, and sent again if it fails. An object has at most 10,000 parts: 160 GB
	sdkTries  = 5               // of one request, by the library
	probed    = 5 * time.Second // for the role of a machine that may have none
)

// s3Transport keeps the connections of all buckets.
var s3Transport = sync.OnceValues(func() (*http.Transport, error) {
	t, err := minio.DefaultTransport(true)
	if err == nil {
		t.MaxIdleConnsPerHost = 64
	}
	return t, err
})

// openS3 opens a bucket of Amazon S3, or of the server that AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL names. Credentials are those of the environment, of
// the files of the profile (keys, single sign-on, a process), or of the machine, in this order; without any, requests are not signed.
func openS3(_ context.Context, name string) (*blob.Bucket, error) {
	address := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"), amazon)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: AWS_ENDPOINT_URL_S3 is %q: expected an address such as https://s3.example.org", ErrURL, address)
	}
	transport, err := s3Transport()
	if err != nil {
		return nil, err
	}
	providers := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if os.Getenv("AWS_EC2_METADATA_DISABLED") != "true" {
		providers = append(providers, &credentials.IAM{})
	}
	found := credentials.NewChainCredentials(providers)
	if v, err := found.GetWithContext(&credentials.CredContext{Client: &http.Client{Transport: transport, Timeout: probed}}); err == nil && v.SignerType.IsAnonymous() {
		found = credentials.NewStaticV4("", "", "") // or each request would look for the machine's role again
	}
	client, err := minio.New(u.Host, &minio.Options{
		Creds: found, Secure: u.Scheme == "https", Transport: transport,
		Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")), MaxRetries: sdkTries,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	}
	return blob.NewBucket(&s3{minio.Core{Client: client}, name}), nil
}

// s3 is a bucket that speaks Amazon's protocol, as gocloud.dev/blob wants it. What facet does not use it refuses.
type s3 struct {
	core minio.Core
	name string
}

var _ driver.Bucket = &s3{}

// ErrorCode tells what went wrong by the server's own word, or by its status.
func (s *s3) ErrorCode(err error) gcerrors.ErrorCode {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return gcerrors.Unknown
	}
	switch {
	case answer.Code == minio.NoSuchKey || answer.Code == minio.NoSuchBucket || answer.StatusCode == http.StatusNotFound:
		return gcerrors.NotFound
	case answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnauthorized || answer.Code == minio.AccessDenied:
		return gcerrors.PermissionDenied
	case answer.Code == "InvalidBucketName":
		return gcerrors.InvalidArgument
	case answer.Code == "RequestTimeout" || answer.StatusCode == http.StatusRequestTimeout || answer.StatusCode == http.StatusTooManyRequests:
		return gcerrors.ResourceExhausted
	case answer.StatusCode >= 400 && answer.StatusCode < 500:
		return gcerrors.FailedPrecondition
	}
	return gcerrors.Unknown
}

func (s *s3) As(any) bool { return false }

func (s *s3) ErrorAs(error, any) bool { return false }

func (s *s3) Close() error { return nil }

func (s *s3) Attributes(ctx context.Context, key string) (*driver.Attributes, error) {
	info, err := s.core.StatObject(ctx, s.name, key, minio.StatObjectOptions{})
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{ContentType: info.ContentType, ModTime: info.LastModified, Size: info.Size, ETag: info.ETag}, nil
}

// pageSize is the most keys that S3 lists at once.
const pageSize = 1000

// ListPaged lists at most a page. The next one begins behind the last key of this one.
func (s *s3) ListPaged(ctx context.Context, o *driver.ListOptions) (*driver.ListPage, error) {
	if o.Delimiter != "" {
		return nil, errUnused
	}
	most := pageSize
	if o.PageSize > 0 {
		most = min(o.PageSize, most)
	}
	page := &driver.ListPage{}
	for info := range s.core.ListObjectsIter(ctx, s.name, minio.ListObjectsOptions{Prefix: o.Prefix, Recursive: true, MaxKeys: most, StartAfter: string(o.PageToken)}) {
		if info.Err != nil {
			return nil, info.Err
		}
		page.Objects = append(page.Objects, &driver.ListObject{Key: info.Key, ModTime: info.LastModified, Size: info.Size})
		if len(page.Objects) == most {
			page.NextPageToken = []byte(info.Key)
			break
		}
	}
	return page, nil
}

func (s *s3) NewRangeReader(ctx context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	var o minio.GetObjectOptions
	switch {
	case length == 0: // a range of nothing cannot be asked for
		info, err := s.core.StatObject(ctx, s.name, key, minio.StatObjectOptions{})
		if err != nil {
			return nil, err
		}
		return &s3Reader{http.NoBody, driver.ReaderAttributes{ContentType: info.ContentType, ModTime: info.LastModified, Size: info.Size}}, nil
	case length > 0:
		if err := o.SetRange(offset, offset+length-1); err != nil {
			return nil, err
		}
	case offset > 0:
		if err := o.SetRange(offset, 0); err != nil {
			return nil, err
		}
	}
	in, info, header, err := s.core.GetObject(ctx, s.name, key, o)
	if err != nil {
		return nil, err
	}
	size := info.Size
	if whole, ok := wholeSize(header.Get("Content-Range")); ok {
		size = whole
	}
	return &s3Reader{in, driver.ReaderAttributes{ContentType: info.ContentType, ModTime: info.LastModified, Size: size}}, nil
}

// wholeSize reads the size of an object from a Content-Range such as bytes 0-9/1234.
func wholeSize(header string) (size int64, ok bool) {
	var from, to int64
	n, err := fmt.Sscanf(header, "bytes %d-%d/%d", &from, &to, &size)
	return size, n == 3 && err == nil
}

type s3Reader struct {
	io.ReadCloser
	about driver.ReaderAttributes
}

func (r *s3Reader) Attributes() *driver.ReaderAttributes { return &r.about }

func (r *s3Reader) As(any) bool { return false }

// NewTypedWriter sends a small object at once and a larger one in parts. It appears, whole, when the writer is closed.
func (s *s3) NewTypedWriter(ctx context.Context, key, contentType string, _ *driver.WriterOptions) (driver.Writer, error) {
	return &s3Writer{ctx: ctx, send: func(in io.Reader, size int64) error {
		_, err := s.core.Client.PutObject(ctx, s.name, key, in, size, minio.PutObjectOptions{
			ContentType: contentType, PartSize: partBytes, SendContentMd5: true, DisableContentSha256: true, // not every server takes content that is signed as it goes
		})
		return err
	}}, nil
}

type s3Writer struct {
	ctx  context.Context
	send func(in io.Reader, size int64) error // −1: unknown
	held bytes.Buffer                         // until there is more than one part
	in   *io.PipeWriter                       // of what is sent in parts
	done chan error
}

func (w *s3Writer) Write(p []byte) (int, error) {
	if w.in == nil && w.held.Len()+len(p) <= partBytes {
		return w.held.Write(p)
	}
	if w.in == nil {
		out, in := io.Pipe()
		w.in, w.done = in, make(chan error, 1)
		go func() {
			err := w.send(io.MultiReader(&w.held, out), -1)
			out.CloseWithError(err)
			w.done <- err
		}()
	}
	return w.in.Write(p)
}

// Close finishes the object, or gives it up if the context has ended.
func (w *s3Writer) Close() error {
	ended := w.ctx.Err()
	if w.in != nil {
		w.in.CloseWithError(ended) // nil: the end
		return cmp.Or(ended, <-w.done)
	}
	if ended != nil {
		return ended
	}
	return w.send(bytes.NewReader(w.held.Bytes()), int64(w.held.Len()))
}

var errUnused = errors.New("not made: facet does not need it")

func (s *s3) Copy(context.Context, string, string, *driver.CopyOptions) error { return errUnused }

func (s *s3) Delete(ctx context.Context, key string, _ *driver.DeleteOptions) error {
	return s.core.RemoveObject(ctx, s.name, key, minio.RemoveObjectOptions{})
}

func (s *s3) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errUnused
}
