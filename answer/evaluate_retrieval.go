package answer

// RetrievalScores is the answer of facet evaluate retrieval: pictures are searched for by captions, and captions by pictures.
type RetrievalScores struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Protocol is all that decides the scores.
	Protocol RetrievalProtocol `json:"protocol"`
	// Images is how many pictures there are.
	Images int `json:"images"`
	// Captions is how many captions there are.
	Captions int `json:"captions"`
	// Encoding is what a picture took in the image tower, in seconds: the median over batches. It is absent where no picture had to be encoded.
	Encoding float64 `json:"encoding_seconds,omitempty"`
	// Text are the shares of pictures that have an own caption among the first k of all captions. The intervals are Wilson's.
	Text []Recall `json:"text_retrieval"`
	// Image are the shares of captions that have their picture among the first k of all pictures. The intervals are those of a bootstrap over
	// pictures, each with all its captions.
	Image []Recall `json:"image_retrieval"`
	// MeanRecall is the mean of both recalls at 1. Its interval is that of the same bootstrap.
	MeanRecall Estimate `json:"mean_recall_1"`
	// Published is what others measured; absent where nothing is known of this model, or where not the whole data set was measured.
	Published *PublishedScore `json:"published,omitempty"`
}

// Recall is the share of searches that find what they look for.
type Recall struct {
	// K is how many places of a search count.
	K int `json:"k"`
	// Recall is the share.
	Recall Estimate `json:"recall"`
}

// RetrievalProtocol is all that decides the scores of a retrieval.
type RetrievalProtocol struct {
	// Dataset is the name of the data set's layout.
	Dataset string `json:"dataset"`
	// Split says which pictures are measured on.
	Split string `json:"split"`
	// Pictures is the SHA-256 of the pictures' names and order and of their captions; not of their content.
	Pictures string `json:"pictures_sha256"`
	// Texts says what is done to a caption.
	Texts string `json:"texts"`
	// Preprocessing says what is done to a picture before the model sees it.
	Preprocessing string `json:"preprocessing"`
	// ExifRotate tells whether pictures are turned as their EXIF data say.
	ExifRotate bool `json:"exif_rotate"`
	// Ties says which of equal scores comes first.
	Ties string `json:"ties"`
	// Model is the SHA-256 of the checkpoint.
	Model string `json:"model_sha256"`
	// Activation is the text tower's.
	Activation string `json:"activation"`
	// SHA256 is the hash of this record, with this field empty.
	SHA256 string `json:"sha256"`
}
