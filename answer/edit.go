package answer

// EditedPair is a pair that an edit changes.
type EditedPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Scale is what the pair's scalar is multiplied by about its mean (docs/design.md, 30).
	Scale float64 `json:"scale"`
	// Mean is that of the pair's scalar in the atlas of the means.
	Mean float64 `json:"mean"`
	// Strength is the mean of the pair's 50 largest centred contribution norms in that atlas.
	Strength float64 `json:"strength"`
	// Why says why the pair is edited: pair, head, label or direction.
	Why string `json:"why"`
	// Text is the text that the pair is about; absent where the pair or its head was named.
	Text string `json:"text,omitempty"`
	// Cosine is that of the pair's principal direction with the text; absent unless it is why.
	Cosine float64 `json:"cosine,omitempty"`
	Names
}

// EditPlan is what an edit will do, before anything is done.
type EditPlan struct {
	// Model is the model that is edited.
	Model Model `json:"model"`
	// Means is the atlas that the means come from.
	Means string `json:"means"`
	// Rule says how pairs were found for texts; absent where none were looked for.
	Rule string `json:"rule,omitempty"`
	// Pairs are those that change, the strongest first.
	Pairs []EditedPair `json:"pairs"`
	// Kept are pairs that would change but carry a text that is to be kept, the strongest first.
	Kept []EditedPair `json:"kept"`
	// Erasures are what is taken out of embeddings, in order.
	Erasures []Erasure `json:"erasures"`
}

// Erasure is an affine map of rank r that takes directions out of embeddings (docs/design.md, 33).
type Erasure struct {
	// Of is texts or label.
	Of string `json:"of"`
	// Texts are those that are erased; absent for a label.
	Texts []string `json:"texts,omitempty"`
	// Kept are texts whose logits stay; absent where none are to be kept.
	Kept []string `json:"kept,omitempty"`
	// Column is that of the atlas whose classes are erased: label, group or truth; absent for texts.
	Column string `json:"column,omitempty"`
	// Classes are those that are erased; absent for texts.
	Classes []string `json:"classes,omitempty"`
	// Ridge is what is added to the covariance, in parts of its mean eigenvalue; absent for texts and where the covariance needs none.
	Ridge float64 `json:"ridge,omitempty"`
	// Images tells that embeddings of pictures are mapped.
	Images bool `json:"images"`
	// TextSide tells that embeddings of texts are mapped.
	TextSide bool `json:"text_side"`
	// Rank is r, the number of directions that are taken out.
	Rank int `json:"rank"`
}

// EditPrice is the answer of facet edit --dry-run: what an edit costs, in the space of scalars, before anything is written.
type EditPrice struct {
	EditPlan
	// Scored says which pictures are scored, and where the means for it come from.
	Scored string `json:"scored"`
	// Images is how many pictures are scored.
	Images int `json:"images"`
	// Before is the zero-shot accuracy of the model as it is.
	Before Share `json:"before"`
	// After is that of the edited model.
	After Share `json:"after"`
	// Control is the accuracy when as many pairs of equal strength, drawn at random, are edited in the same way; absent where no pair is edited.
	Control *Draws `json:"control,omitempty"`
	// Cosine is the mean cosine of a picture's embeddings before and after.
	Cosine float64 `json:"cosine"`
	// Classes say what each class loses, the one that loses most logit first.
	Classes []ClassPrice `json:"classes"`
}

// ClassPrice is what an edit does to one class.
type ClassPrice struct {
	// Class is the class.
	Class string `json:"class"`
	// Images is how many pictures of it are scored.
	Images int `json:"images"`
	// LogitBefore is the mean logit τ·cos of the class on its own pictures, in the model as it is; null without pictures.
	LogitBefore Number `json:"logit_before"`
	// LogitAfter is that in the edited model.
	LogitAfter Number `json:"logit_after"`
	// Before is the share of its pictures that the model as it is puts into the class.
	Before Share `json:"before"`
	// After is that of the edited model.
	After Share `json:"after"`
}

// Edited is the answer of facet edit: what was written.
type Edited struct {
	EditPlan
	// Output is the file or folder that was written.
	Output string `json:"output"`
	// Layout is safetensors, torch or open_clip.
	Layout string `json:"layout"`
	// Record is the file that tells how the model was made.
	Record string `json:"record"`
	// SHA256 is the digest of the file of weights.
	SHA256 string `json:"sha256"`
	// Residuals say how far the model that was written is from the prediction.
	Residuals []EditResidual `json:"residuals"`
}

// EditResidual is how far embeddings by the weights that were written are from those that were predicted.
type EditResidual struct {
	// As is how the weights of the attention pool are taken: stored, as they read from the file; float32, before they were stored; float16, rounded as
	// OpenAI's clip.load does.
	As string `json:"as"`
	// Of says which scalars the embeddings are of.
	Of string `json:"of"`
	// Embeddings is how many were compared.
	Embeddings int `json:"embeddings"`
	// Largest is the largest ‖difference‖ / ‖prediction‖.
	Largest float64 `json:"largest"`
	// Mean is the mean of that.
	Mean float64 `json:"mean"`
}

// EditRecord is the file edit.json beside an edited model: how it was made.
type EditRecord struct {
	// Format is the version of this file: 1.
	Format int `json:"format"`
	// File is the name of the file of weights, without its folder.
	File string `json:"file"`
	// SHA256 is its digest.
	SHA256 string `json:"sha256"`
	// Bytes is its size.
	Bytes int64 `json:"bytes"`
	// Activation is that of the text tower: quickgelu or gelu.
	Activation string `json:"activation"`
	// Residuals say how far the file is from the prediction of its last step.
	Residuals []EditResidual `json:"residuals"`
	// Steps are the edits from the first source to this file, the oldest first.
	Steps []EditStep `json:"steps"`
}

// EditStep is one edit of a chain, in full: with it and the source, the edited weights can be made again.
type EditStep struct {
	// Source is the model that was edited.
	Source EditSource `json:"source"`
	// Means says which atlas the means come from.
	Means EditMeans `json:"means"`
	// Rule says how pairs were found for texts; absent where none were looked for.
	Rule string `json:"rule,omitempty"`
	// Pairs are those that changed: each scalar s became mean + scale·(s − mean).
	Pairs []EditedPair `json:"pairs"`
	// Erasures are what was taken out of embeddings, in order.
	Erasures []ErasureMap `json:"erasures"`
}

// EditSource is a model that was edited.
type EditSource struct {
	// Name is what it was called: a published name, demo or a path.
	Name string `json:"name"`
	// SHA256 is the digest of its file.
	SHA256 string `json:"sha256"`
	// Bytes is the size of its file; 0 for the demo model.
	Bytes int64 `json:"bytes"`
	// Path is where it lay; absent for the demo model.
	Path string `json:"path,omitempty"`
	// Relative is where it lay, seen from the folder of the edited model; absent for the demo model and on another volume.
	Relative string `json:"relative,omitempty"`
}

// EditMeans is an atlas that means come from.
type EditMeans struct {
	// Atlas is its folder, as it was asked for.
	Atlas string `json:"atlas"`
	// Digest is the SHA-256 of its manifest.
	Digest string `json:"digest"`
	// Images is how many pictures it is of.
	Images int `json:"images"`
}

// ErasureMap is an erasure with its numbers: e becomes e − Σ_r left[r]·⟨right[r], e − mean⟩.
type ErasureMap struct {
	Erasure
	// Left are the directions that are taken out [r,D].
	Left [][]float64 `json:"left"`
	// Right are what they are measured by [r,D].
	Right [][]float64 `json:"right"`
	// Mean is what they are measured from [D]; absent where that is 0.
	Mean []float64 `json:"mean,omitempty"`
}

// Undone is the answer of facet edit --undo.
type Undone struct {
	// Output is the file that was written.
	Output string `json:"output"`
	// Source is the model that it is again, byte for byte.
	Source EditSource `json:"source"`
	// Steps is how many edits of the chain are left in it.
	Steps int `json:"steps"`
}
