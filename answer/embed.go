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

// Trace is the answer of facet trace: what pictures make on their way through the attention pool.
type Trace struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// What is tokens, attention, attentions, scalars, neuron, lengths or earlier.
	What string `json:"what"`
	// Neuron is the neuron whose vectors are kept; absent for all else.
	Neuron *int `json:"neuron,omitempty"`
	// Shape is that of a row. The file holds float32 [N, shape].
	Shape []int `json:"shape"`
	// Inputs say which picture each row is of.
	Inputs []string `json:"inputs"`
	// File is the .npy file with the rows.
	File string `json:"file"`
	// Names is the file with the name of each row, a line a row.
	Names string `json:"names"`
	// Skipped are the pictures of datasets that could not be read.
	Skipped []Skipped `json:"skipped,omitempty"`
}
