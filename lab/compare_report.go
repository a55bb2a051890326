package lab

import (
	"context"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift/profile"
	"github.com/facet-clip/facet/drift/report"
)

// CompareReport is the answer of [Lab.Compare] as a page, with charts, and with those of its pictures that are still there.
func (l *Lab) CompareReport(ctx context.Context, a *answer.Drift) (*report.Page, error) {
	h, err := profile.ReadHeader(a.Profile)
	if err != nil {
		return nil, err
	}
	decoder := l.decoder.Rotating(h.ExifRotate)
	return report.New(a, func(paths []string) (pictures []report.Opened) {
		for _, path := range paths {
			seen, err := cropped(ctx, decoder, path, report.Thumbnail)
			if err != nil {
				l.log.Warn("a picture is missing from the report", "reason", err)
				continue
			}
			pictures = append(pictures, report.Opened{Path: path, Image: seen})
		}
		return pictures
	})
}
