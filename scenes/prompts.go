package scenes

// Prompts in the captions' own words, for zero-shot classification. {} stands for what is asked.

// NounPrompts returns templates whose {} stands for a noun phrase, as [Phrase] makes them: "a picture of {}".
func NounPrompts() []string {
	return []string{"a picture of {}", "a photo of {}", "an image of {}", "a drawing of {}", "{}"}
}

// GroundPrompts returns templates whose {} stands for one of [Background.Places]: "a picture of something {}".
func GroundPrompts() []string { return anything() }

// PaintPrompts returns templates whose {} stands for a colour or a pattern: "a picture of something {}".
func PaintPrompts() []string { return anything() }

func anything() []string {
	return []string{"a picture of something {}", "a photo of something {}", "something {}"}
}

// Phrase puts the article before words that end in a noun: orange, striped, bus → "an orange striped bus".
func Phrase(words ...string) string { return article(words) }
