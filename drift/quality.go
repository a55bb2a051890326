package drift

// Quality is a quality of pictures, whatever they show, such as noise: the direction in which embeddings of the reference move with it in one
// way, for a little noise and a lot may be different directions.
type Quality struct {
	Name     string    // of several ways, if there are
	Way      string    // what was done to the pictures
	Pictures int       // of the reference that were varied
	Shift    []float32 // mean of e(more of it) − e(less of it) over them [D]
}

// NewQuality is a quality nothing is known of yet.
func NewQuality(name, way string, embed int) Quality {
	return Quality{Name: name, Way: way, Shift: make([]float32, embed)}
}

// Add takes up a picture by its embeddings with less and with more of the quality [D].
func (q *Quality) Add(less, more []float32) {
	q.Pictures++
	for i, v := range more {
		q.Shift[i] += (v - less[i] - q.Shift[i]) / float32(q.Pictures)
	}
}

// Merge takes over the pictures of another.
func (q *Quality) Merge(other Quality) {
	if other.Pictures == 0 {
		return
	}
	q.Pictures += other.Pictures
	for i, v := range other.Shift {
		q.Shift[i] += (v - q.Shift[i]) * float32(other.Pictures) / float32(q.Pictures)
	}
}
