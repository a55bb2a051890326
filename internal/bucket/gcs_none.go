//go:build !gcs

package bucket

import (
	"context"
	"fmt"

	"gocloud.dev/blob"
)

// openGCS says how Google's buckets are reached by a program without Google's library, which would make it a third larger.
func openGCS(_ context.Context, name string) (*blob.Bucket, error) {
	return nil, fmt.Errorf("%w: this program was built without Google's library: build it with `go build -tags gcs`, or make an HMAC key in Google's console, set "+
		"AWS_ENDPOINT_URL_S3=https://storage.googleapis.com, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and say s3://%s", ErrURL, name)
}
