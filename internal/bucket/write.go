package bucket

import (
	"context"
	"errors"
	"io"

	"github.com/cenkalti/backoff/v5"
	"gocloud.dev/blob"
)

// Write writes an object whole or not at all, in the place of any that had its key. What content opens is read again from its beginning when writing
// fails for a while.
func Write(ctx context.Context, url string, content func() (io.ReadCloser, error)) error {
	p, b, err := object(ctx, url)
	if err != nil {
		return err
	}
	_, err = tried(ctx, func() (struct{}, error) {
		in, err := content()
		if err != nil {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, errors.Join(explained(ctx, p, b, write(ctx, p.key, b, in)), in.Close())
	})
	return err
}

// write writes once.
func write(ctx context.Context, key string, b *blob.Bucket, in io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, err := b.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		cancel() // which has the writer give up the object
		out.Close()
		return err
	}
	return out.Close()
}
