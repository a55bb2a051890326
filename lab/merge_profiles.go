package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
)

// MergeProfiles asks for one profile of several, without their images.
type MergeProfiles struct {
	// Profiles are the folders, two at least. They are of one model and watch the same texts. The first one's labels are kept.
	Profiles []string
	// Folder is written, new.
	Folder string
}

// MergeProfiles makes one profile of several: moments and sample are those of a profile of all the images; strong pairs are those that are strong
// in every part.
func (l *Lab) MergeProfiles(ctx context.Context, q MergeProfiles) (*answer.Profile, error) {
	if len(q.Profiles) < 2 {
		return nil, &Mistake{Problem: errors.New("expected two profiles at least")}
	}
	if q.Folder == "" {
		return nil, mistake("output", "is missing: expected the folder to write")
	}
	if err := profile.Vacant(q.Folder); err != nil {
		return nil, err
	}
	ov, err := l.ov()
	if err != nil {
		return nil, err
	}
	var headers []profile.Header
	var parts []*drift.Profile
	for _, dir := range q.Profiles {
		p, h, err := l.openProfile(ctx, dir, ov)
		if err != nil {
			return nil, err
		}
		parts, headers = append(parts, p), append(headers, h)
		if first := headers[0].ExifRotate; h.ExifRotate != first {
			return nil, fmt.Errorf("%s: turned by EXIF data = %t, of %s %t; merge profiles that were made alike", dir, h.ExifRotate, q.Profiles[0], first)
		}
	}
	merged, err := drift.Merge(parts, ov.Norms())
	if err != nil {
		return nil, err
	}
	header, err := l.mergedHeader(ctx, headers)
	if err != nil {
		return nil, err
	}
	if err := profile.Write(q.Folder, header, merged); err != nil {
		return nil, err
	}
	return ReadProfile(q.Folder)
}

// mergedHeader is the first one, whose labels the merged profile has, with the sources of all and what could not be read.
func (l *Lab) mergedHeader(ctx context.Context, parts []profile.Header) (profile.Header, error) {
	first := parts[0]
	out := profile.Header{Model: first.Model, Bank: first.Bank, ExifRotate: first.ExifRotate}
	var sources []string
	for _, h := range parts {
		sources = append(sources, h.Source)
		out.Unread += h.Unread
		out.Skipped = append(out.Skipped, h.Skipped[:min(len(h.Skipped), unreadListed-len(out.Skipped))]...)
	}
	out.Source = strings.Join(sources, " + ")
	by, err := l.Made(ctx)
	out.Model.File = by.File
	return out, err
}
