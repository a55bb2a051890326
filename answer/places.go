package answer

// Places is the answer of GET atlases/{atlas}/images/{image}/places: what each place of a picture gives to what is explained.
type Places struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Grid is the height and the width of the picture in places.
	Grid [2]int `json:"grid"`
	// Text is the text whose logit was split; absent where the embedding was.
	Text string `json:"text,omitempty"`
	// Against is what is measured against; absent where nothing is.
	Against *Against `json:"against,omitempty"`
	// Total is what places, class token and constant sum to.
	Total float64 `json:"total"`
	// Constant is the term that is the same for every picture.
	Constant float64 `json:"constant"`
	// ClassToken is what the class token gives, which is no place.
	ClassToken float64 `json:"class_token"`
	// Amounts are what each place gives through all pairs, row by row.
	Amounts []float32 `json:"amounts"`
	// Words are the words of largest amount, with what each gives at every place.
	Words []PlaceMap `json:"words"`
	// Pairs are the pairs of largest amount, with what each gives at every place.
	Pairs []PlaceMap `json:"pairs"`
}

// PlaceMap is what a word or a pair gives at every place of a picture.
type PlaceMap struct {
	// Name is the word, or the pair as (neuron,head) with its name.
	Name string `json:"name"`
	// Neuron is that of the pair; absent for a word.
	Neuron *int `json:"neuron,omitempty"`
	// Head is that of the pair; absent for a word.
	Head *int `json:"head,omitempty"`
	// Amount is what it gives in all, with what it gives through the class token.
	Amount float64 `json:"amount"`
	// Map is what it gives at each place, row by row.
	Map []float32 `json:"map"`
}

// EditParts is the answer of GET atlases/{atlas}/edit: all that is needed to tell what any scaling of some units does to logits, exactly.
//
// Let d_k = Σ (s − s̄)·u over the pairs of unit k. Scaling units by α_k about their means turns the embedding e of a picture into e − Σ_k (1−α_k)·d_k. So
// the logit of class c is τ·(⟨e,t_c⟩ − Σ_k g_k⟨d_k,t_c⟩) / √(‖e‖² − 2Σ_k g_k⟨d_k,e⟩ + Σ_kl g_k·g_l⟨d_k,d_l⟩), with g_k = 1−α_k.
// Tables of numbers are float32, little-endian, as base64. N is the number of images, L of classes and texts, K of units.
type EditParts struct {
	// Model says which model is edited.
	Model Model `json:"model"`
	// Atlas is the atlas.
	Atlas string `json:"atlas"`
	// Means says which images the means s̄ come from.
	Means string `json:"means"`
	// LogitScale is τ.
	LogitScale float64 `json:"logit_scale"`
	// Classes are those that the images are told apart by, and after them the texts that were asked for.
	Classes []string `json:"classes"`
	// Texts is how many of them are no classes: the last ones.
	Texts int `json:"texts"`
	// Units are what can be scaled.
	Units []EditUnit `json:"units"`
	// Images are those that are scored, and after them those that were asked for by number.
	Images []EditImage `json:"images"`
	// Scored is how many of the images are scored: the first ones.
	Scored int `json:"scored"`
	// Products are ⟨e,t⟩ [N,L].
	Products []byte `json:"products"`
	// Lengths are ‖e‖² [N].
	Lengths []byte `json:"lengths"`
	// UnitProducts are ⟨d,t⟩ [N,K,L].
	UnitProducts []byte `json:"unit_products"`
	// UnitLengths are ⟨d,e⟩ [N,K].
	UnitLengths []byte `json:"unit_lengths"`
	// Grams are ⟨d_k,d_l⟩ [N,K,K].
	Grams []byte `json:"grams"`
}

// EditUnit is something that can be scaled.
type EditUnit struct {
	// Name is how it was asked for: pair:NEURON,HEAD, head:HEAD or word:WORD.
	Name string `json:"name"`
	// Pairs is how many pairs it has. A pair of several units belongs to the first of them.
	Pairs int `json:"pairs"`
	// Strongest are the most used of them, at most eight.
	Strongest []NearPair `json:"strongest"`
}

// EditImage is an image whose logits can be told.
type EditImage struct {
	// Image is the row of the picture in the atlas, from 0.
	Image int `json:"image"`
	// Label is its class as the atlas has it; empty where it has none.
	Label string `json:"label"`
	// Class is its class among the classes; −1 where it is none of them.
	Class int `json:"class"`
}
