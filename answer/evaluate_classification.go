package answer

// ClassificationScores is the answer of facet evaluate classification: zero-shot classification of a data set whose classes are known.
type ClassificationScores struct {
	// Model says which model answers.
	Model Model `json:"model"`
	// Protocol is all that decides the scores.
	Protocol ClassificationProtocol `json:"protocol"`
	// Images is how many pictures were measured.
	Images int `json:"images"`
	// Encoding is what a picture took in the image tower, in seconds: the median over batches. It is absent where no picture had to be encoded.
	Encoding float64 `json:"encoding_seconds,omitempty"`
	// Top1 is the share of pictures whose class has the largest score. It is absent where pictures have several classes.
	Top1 *Share `json:"top1,omitempty"`
	// Top5 is the share of pictures whose class is among the five largest scores. It is absent where there are five classes or fewer.
	Top5 *Share `json:"top5,omitempty"`
	// MeanPerClass is the mean of the classes' shares of right pictures. Its interval is that of a bootstrap within the classes.
	MeanPerClass *Estimate `json:"mean_per_class,omitempty"`
	// Eleven is the mean of the classes' average precisions at eleven points, the rule of PASCAL VOC 2007. It is there where pictures have several
	// classes. Its interval is that of a bootstrap over the pictures.
	Eleven *Estimate `json:"map_11_points,omitempty"`
	// Area is the mean of the classes' average precisions as areas under the precision–recall curve.
	Area *Estimate `json:"map_area,omitempty"`
	// Published is what others measured; absent where nothing is known of this model, or where not the whole data set was measured.
	Published *PublishedScore `json:"published,omitempty"`
	// Classes are the scores of each class, in the order of the labels.
	Classes []ClassScore `json:"classes"`
}

// ClassificationProtocol is all that decides the scores of a zero-shot classification.
type ClassificationProtocol struct {
	// Dataset is the name of the data set's layout.
	Dataset string `json:"dataset"`
	// Pictures is the SHA-256 of the pictures' names and order and of what is true of them; not of their content.
	Pictures string `json:"pictures_sha256"`
	// Classes are the names that stand in the prompts, in the order of the labels.
	Classes []string `json:"classes"`
	// Templates are the prompts that each name was put into, {} for the name. A class is the unit mean of its prompts' unit embeddings.
	Templates []string `json:"templates"`
	// Words says where names and templates come from.
	Words string `json:"words"`
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

// ClassScore is what was measured on the pictures of a class.
type ClassScore struct {
	// Class is the name that stood in the prompts.
	Class string `json:"class"`
	// Key is how the data set calls the class.
	Key string `json:"key"`
	// Images is how many pictures have the class.
	Images int `json:"images"`
	// Accuracy is the share of them that is right; null where there are none, and where pictures have several classes.
	Accuracy Number `json:"accuracy"`
	// Mistaken is the class that most of the others were given; absent where there are none.
	Mistaken string `json:"mistaken_for,omitempty"`
	// Eleven is the average precision at eleven points; absent where pictures have one class.
	Eleven *Number `json:"ap_11_points,omitempty"`
	// Area is the average precision as an area; absent where pictures have one class.
	Area *Number `json:"ap_area,omitempty"`
}

// PublishedScore is a score that others measured, beside the one measured here.
type PublishedScore struct {
	// Source says who published it.
	Source string `json:"source"`
	// Metric is what it counts.
	Metric string `json:"metric"`
	// Value is the published score.
	Value float64 `json:"value"`
	// Measured is the same metric, measured here.
	Measured Estimate `json:"measured"`
	// Within tells whether the published score lies in the interval of the measured one.
	Within bool `json:"within"`
	// Differs lists what was done otherwise here, as far as it is known. It is empty where nothing is.
	Differs []string `json:"differs"`
}
