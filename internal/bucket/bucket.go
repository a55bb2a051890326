// Package bucket is the one place that opens buckets, as package regular is the one that opens files. An object is named by a URL:
// s3://bucket/key, gs://bucket/key, azblob://container/key or file:///folder/name. A key stands in a URL as it is, without percent signs.
//
// Credentials and addresses are found as each cloud's own tools find them. A request that fails for a while is tried again by the cloud's
// library; a read that breaks in the middle goes on from there ([Open]).
//
// # Terms
//
//   - An object has a key, a size and a time of its last change. There are no folders.
//   - A prefix is what keys begin with; its URL ends with a slash.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // registers azblob://
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

var (
	// ErrBucket is returned when there is no bucket of that name.
	ErrBucket = errors.New("there is no such bucket")
	// ErrKey is returned when a bucket holds no object of that key.
	ErrKey = errors.New("there is no such object")
	// ErrAccess is returned when a bucket or an object may not be read or written with the credentials that were found.
	ErrAccess = errors.New("access denied")
	// ErrRefused is returned when the server does not do what it is asked, for a reason of its own, such as a token that is too old.
	ErrRefused = errors.New("the server refuses this")
	// ErrUnavailable is returned when a bucket gives no answer, or none that can be used, after it was asked again. It says nothing of the object.
	ErrUnavailable = errors.New("the bucket cannot be reached")
	// ErrChanged is returned when an object was replaced while it was read.
	ErrChanged = errors.New("the object changed while it was read")
	// ErrURL is returned when a URL names no object and no prefix.
	ErrURL = errors.New("not the URL of an object")
)

// opener opens the bucket of a name; of file:// the name is a folder.
type opener func(ctx context.Context, name string) (*blob.Bucket, error)

// schemes are the kinds of buckets, and how each is opened.
var schemes = map[string]opener{
	"s3": openS3,
	"gs": openGCS,
	"azblob": func(ctx context.Context, name string) (*blob.Bucket, error) {
		return blob.OpenBucket(ctx, "azblob://"+name)
	},
	"file": func(_ context.Context, folder string) (*blob.Bucket, error) {
		return fileblob.OpenBucket(folder, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	},
}

var mounted sync.Map // of scheme, an opener: see [Mount]

// Mount has the buckets of a scheme opened by open until undo is called. It is for tests, whose buckets are in memory.
func Mount(scheme string, open func(ctx context.Context, name string) (*blob.Bucket, error)) (undo func()) {
	mounted.Store(scheme, opener(open))
	return func() { mounted.Delete(scheme) }
}

// IsURL tells whether a name is a URL of a kind of bucket. Anything else names a file or folder.
func IsURL(name string) bool {
	scheme, _, found := strings.Cut(name, "://")
	return found && openerOf(scheme) != nil
}

func openerOf(scheme string) opener {
	if open, ok := mounted.Load(scheme); ok {
		return open.(opener)
	}
	return schemes[scheme]
}

// place is a URL taken apart.
type place struct{ url, scheme, bucket, key string }

func parse(url string) (place, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	if openerOf(scheme) == nil {
		return place{}, fmt.Errorf("%s: %w: expected s3://, gs://, azblob:// or file://", url, ErrURL)
	}
	p := place{url: url, scheme: scheme}
	if scheme == "file" {
		folder := filepath.FromSlash(rest)
		if !filepath.IsAbs(folder) {
			return place{}, fmt.Errorf("%s: %w: expected file:// and an absolute path, such as file:///data/photos/", url, ErrURL)
		}
		volume := filepath.VolumeName(folder) + string(filepath.Separator)
		p.bucket, p.key = volume, filepath.ToSlash(folder[len(volume):])
		return p, nil
	}
	p.bucket, p.key, _ = strings.Cut(rest, "/")
	if p.bucket == "" {
		return place{}, fmt.Errorf("%s: %w: expected %s:// and the name of a bucket, such as %s://photos/2026/", url, ErrURL, scheme, scheme)
	}
	return p, nil
}

// settings are the variables of the environment that decide which server a bucket is on. Of a bucket that is open already nothing else counts.
var settings = []string{
	"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN",
	"AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_DOMAIN", "STORAGE_EMULATOR_HOST",
}

var (
	openMu sync.Mutex
	opened = map[string]*blob.Bucket{} // by scheme, name and settings: connections are kept for as long as the program runs
)

// bucketOf opens the bucket that a place is in.
func bucketOf(ctx context.Context, p place) (*blob.Bucket, error) {
	open := openerOf(p.scheme)
	if _, test := mounted.Load(p.scheme); test {
		return open(ctx, p.bucket)
	}
	key := p.scheme + "\x00" + p.bucket
	for _, s := range settings {
		key += "\x00" + os.Getenv(s)
	}
	openMu.Lock()
	defer openMu.Unlock()
	if b := opened[key]; b != nil {
		return b, nil
	}
	b, err := open(ctx, p.bucket)
	if err != nil {
		return nil, err
	}
	opened[key] = b
	return b, nil
}

// open takes a URL apart and opens its bucket.
func open(ctx context.Context, url string) (place, *blob.Bucket, error) {
	p, err := parse(url)
	if err != nil {
		return p, nil, err
	}
	b, err := bucketOf(ctx, p)
	if err != nil {
		return p, nil, fmt.Errorf("%s: %w", url, err)
	}
	return p, b, nil
}

// object is open for the URL of an object.
func object(ctx context.Context, url string) (place, *blob.Bucket, error) {
	p, b, err := open(ctx, url)
	if err == nil && (p.key == "" || strings.HasSuffix(p.key, "/")) {
		err = fmt.Errorf("%s: %w: expected a key behind the name of the bucket that ends in no slash", url, ErrURL)
	}
	return p, b, err
}

// explained says what an error of a bucket means: it wraps one of the errors of this package, or is the context's.
func explained(ctx context.Context, p place, b *blob.Bucket, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	name := p.scheme + "://" + p.bucket
	switch codeOf(err) {
	case gcerrors.NotFound:
		if there, e := b.IsAccessible(ctx); e == nil && !there {
			return fmt.Errorf("%s: %w as %s: check its name, and the region or address of the server: %w", p.url, ErrBucket, name, err)
		}
		return fmt.Errorf("%s: %w in %s: %w", p.url, ErrKey, name, err)
	case gcerrors.PermissionDenied:
		return fmt.Errorf("%s: %w: the credentials that were found do not allow this; a key that is not there also reads so where listing is not allowed: %w", p.url, ErrAccess, err)
	case gcerrors.InvalidArgument:
		return fmt.Errorf("%s: %w: %w", p.url, ErrURL, err)
	case gcerrors.FailedPrecondition:
		return fmt.Errorf("%s: %w: %w", p.url, ErrRefused, err)
	}
	return fmt.Errorf("%s: %w: %w", p.url, ErrUnavailable, err)
}

// codeOf is what kind of error a bucket gave, also where its library does not say.
func codeOf(err error) gcerrors.ErrorCode {
	var azure *azcore.ResponseError
	switch code := gcerrors.Code(err); {
	case errors.Is(err, fs.ErrPermission), errors.As(err, &azure) && (azure.StatusCode == http.StatusForbidden || azure.StatusCode == http.StatusUnauthorized):
		return gcerrors.PermissionDenied
	default:
		return code
	}
}

// final tells an error that trying again does not help.
func final(err error) bool {
	return slices.ContainsFunc([]error{ErrBucket, ErrKey, ErrAccess, ErrURL, ErrRefused, ErrChanged, context.Canceled, context.DeadlineExceeded}, func(e error) bool { return errors.Is(err, e) })
}

// Join is the URL of what lies below another one: of s3://b/photos and a.png, s3://b/photos/a.png.
func Join(url, below string) string { return strings.TrimSuffix(url, "/") + "/" + below }

// Dir is the prefix that an object lies in, without its last slash.
func Dir(url string) string {
	if at := strings.LastIndex(url, "/"); at > strings.Index(url, "://")+2 {
		return url[:at]
	}
	return url
}
