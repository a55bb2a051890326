//go:build gcs

package bucket

import (
	"context"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/gcsblob" // registers gs://
)

// openGCS opens a bucket of Google Cloud Storage with Google's own library.
func openGCS(ctx context.Context, name string) (*blob.Bucket, error) {
	return blob.OpenBucket(ctx, "gs://"+name)
}
