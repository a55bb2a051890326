package answer

// Estimate is a number measured on pictures, with its 95 % interval.
type Estimate struct {
	// Value is the number; null where it is not defined.
	Value Number `json:"value"`
	// Low is the lower end of the interval.
	Low Number `json:"low"`
	// High is the upper end of the interval.
	High Number `json:"high"`
}
