package answer

// Embeddings is the answer of facet embed.
type Embeddings struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Inputs say what each row is of: a picture or a text.
	Inputs []string `json:"inputs"`
	// File is the .npy file with the rows, float32 [N,D]; absent where they are here.
	File string `json:"file,omitempty"`
	// Names is the file with the name of each row, a line a row; absent where there is no File.
	Names string `json:"names,omitempty"`
	// Embeddings are the rows [N,D], not normalised; absent where they are in a file.
	Embeddings [][]float32 `json:"embeddings,omitempty"`
	// Skipped are the pictures of datasets that could not be read.
	Skipped []Skipped `json:"skipped,omitempty"`
}
