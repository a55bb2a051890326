package answer

import "github.com/facet-clip/facet/concept"

// Labels is the answer of facet label.
type Labels struct {
	// Model says whose pairs were labelled.
	Model Model `json:"model"`
	// Atlas is the atlas that says what pairs fire for.
	Atlas string `json:"atlas,omitempty"`
	// Method is the sparse fit: omp, nnomp or lasso.
	Method string `json:"method"`
	// DictionaryNorm says what is made unit: rows (texts) or reference (columns).
	DictionaryNorm string `json:"dictionary_norm"`
	// Bank is the bank of words; empty: the demo world's words.
	Bank string `json:"bank"`
	// Texts is how many texts the bank has.
	Texts int `json:"texts"`
	// Terms is how many texts a label has at most.
	Terms int `json:"terms"`
	// Null is by number of terms what 95 of 100 random directions do not exceed.
	Null []float64 `json:"null"`
	// FiresNull is the same of random sets of images.
	FiresNull []float64 `json:"fires_null,omitempty"`
	// Labelled is how many pairs were labelled.
	Labelled int `json:"labelled"`
	// Named is how many of them are named by what they say.
	Named int `json:"named"`
	// FiresNamed is how many are named by what they fire for.
	FiresNamed *int `json:"fires_named,omitempty"`
	// Calibration is the file that probabilities are by.
	Calibration string `json:"calibration,omitempty"`
	// Pairs are the first of them, in order of the lengths of their directions, or of their use in an atlas.
	Pairs []LabelledPair `json:"pairs"`
}

// LabelledPair is a pair in words. Its own fields are of what it says.
type LabelledPair struct {
	// Neuron is that of the pair.
	Neuron int `json:"neuron"`
	// Head is that of the pair.
	Head int `json:"head"`
	// Norm is ‖u‖.
	Norm float64 `json:"norm"`
	Words
	// Fires is what the pair fires for.
	Fires *Words `json:"fires,omitempty"`
}

// Words is a direction as a sum of texts.
type Words struct {
	Name
	// Explained is the share of the direction that all terms together explain.
	Explained float64 `json:"explained"`
	// Margin is how much more like the direction the first word is than the runner-up.
	Margin float64 `json:"margin"`
	// Stability is the expected cosine of the first word with the first word when the bank is drawn anew with replacement.
	Stability float64 `json:"stability"`
	// Probability is that the name is right, by the calibration asked for; absent without one, and where there is no name.
	Probability *float64 `json:"probability,omitempty"`
	// Terms are the texts, in the order in which the fit took them.
	Terms []Term `json:"terms"`

	// ShownShare is the share of the direction that the words to show explain.
	ShownShare float64 `json:"-"`
}

// Term is a text in a sum.
type Term struct {
	// Text is the text.
	Text string `json:"text"`
	// Coefficient is its weight in the sum of all terms.
	Coefficient float64 `json:"coefficient"`
	// Explained is the share of the direction that the terms up to this one explain.
	Explained float64 `json:"explained"`
	// Cosine is that of the sum of the terms up to this one with the direction.
	Cosine float64 `json:"cosine"`
}

// TextBank is the answer of facet texts.
type TextBank struct {
	// Model says which model embedded the texts.
	Model Model `json:"model"`
	// Folder is that of the bank.
	Folder string `json:"folder"`
	// Texts is how many there are.
	Texts int `json:"texts"`
	// Templates are the prompts that each text was put into; null: the texts as they are.
	Templates concept.Templates `json:"templates"`
	// Fingerprint is that of all that decides the bank.
	Fingerprint string `json:"fingerprint"`
}

// LabelReport is the answer of facet evaluate labels.
type LabelReport struct {
	// Model says whose labels were asked.
	Model Model `json:"model"`
	// Labels says where they are from.
	Labels string `json:"labels"`
	// Reconstruction is what is left of the model when directions are replaced by words.
	Reconstruction []WordReconstruction `json:"reconstruction"`
	// Causal is what becomes of words without the pairs that say them.
	Causal []Ablated `json:"causal"`
	// CausalFires is what becomes of words without the pairs that fire for them.
	CausalFires []Ablated `json:"causal_fires"`
	// Truth is how well scalars tell what their pairs say.
	Truth Truth `json:"truth"`
	// Fires is how well scalars tell what their pairs fire for.
	Fires Truth `json:"fires"`
	// Seeds is how many sets of scenes were drawn to name pairs by and to judge the names, 1 for an atlas. All of the above is of the first.
	Seeds int `json:"seeds"`
	// Asked is how many pairs each way to name pairs was asked about, the strongest.
	Asked int `json:"asked"`
	// Ways compare facet's names with other ways to name the same pairs.
	Ways []NamingWay `json:"ways"`
	// Calibrations say how honest the probability of a name is; one for each sense with names.
	Calibrations []Calibration `json:"calibrations"`
	// Discoveries say how many names stand when the share of false ones is controlled over all pairs; one for each sense with names.
	Discoveries []NameDiscovery `json:"discoveries"`
	// SamePictures tells that the pictures which judge the names also made them: p-values are too small then.
	SamePictures bool `json:"same_pictures,omitempty"`
}
