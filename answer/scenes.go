package answer

// Scenes is the answer of facet scenes.
type Scenes struct {
	// Folder is where the scenes are.
	Folder string `json:"folder"`
	// Layout says how they are arranged: imagefolder, voc or npy.
	Layout string `json:"layout"`
	// Scenes is how many there are.
	Scenes int `json:"scenes"`
	// Seed is that of what was drawn.
	Seed uint64 `json:"seed"`
	// Size is the side of the pictures in pixels.
	Size int `json:"size"`
}
