package lab

import (
	"context"
	"errors"
	"fmt"

	"github.com/facet-clip/facet/answer"
	"github.com/facet-clip/facet/drift"
	"github.com/facet-clip/facet/drift/profile"
)

// MergeProfiles asks for one profile of several, without their images.
type MergeProfiles struct {
	// Profiles are the folders, two at least. They are of one model and watch the same texts. Their order does not count: labels are kept
	// of the one whose source comes first by name.
	Profiles []string
	// Folder is written, new.
	Folder string
}

// MergeProfiles makes one profile of several: moments and sample are those of a profile of all the images; strong pairs are those that are strong
// in every part. The same profiles in any order, in one step or in several, give the same bytes in every array.
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
	header, order, err := profile.Merge(headers, unreadListed)
	if err != nil {
		return nil, err
	}
	inOrder := make([]*drift.Profile, 0, len(parts))
	for _, k := range order {
		inOrder = append(inOrder, parts[k])
	}
	merged, err := drift.Merge(inOrder, ov.Norms())
	if err != nil {
		return nil, err
	}
	by, err := l.Made(ctx)
	if err != nil {
		return nil, err
	}
	header.Model.File = by.File
	if err := profile.Write(q.Folder, header, merged); err != nil {
		return nil, err
	}
	return ReadProfile(q.Folder)
}
