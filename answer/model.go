package answer

import "github.com/facet-clip/facet/clip"

// Model says which model made an answer.
type Model struct {
	// Name is the published name, demo, or the path of the checkpoint.
	Name string `json:"name"`
	// SHA256 is the digest of the checkpoint file.
	SHA256 string `json:"sha256"`
	// Format is the file format of the checkpoint.
	Format string `json:"format"`
	// Activation is that of the text tower: quickgelu or gelu.
	Activation string `json:"activation"`
	// Engine names all that ran the towers.
	Engine string `json:"engine"`
	// Config is the architecture.
	Config clip.Config `json:"config"`
}
