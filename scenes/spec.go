package scenes

import (
	"fmt"
	"math"
)

// Object is one thing in a scene. Lengths are fractions of the picture's side.
type Object struct {
	Category Category
	Colour   Colour
	Pattern  Pattern
	// Print is what the object carries on it, or [NoCategory]. Only [Carriers] carry, only [Prints] are carried.
	Print       Category
	PrintColour Colour
	// X and Y are the centre, Size the longer side of its upright box before turning.
	X, Y, Size float64
	Angle      float64 // turned clockwise, in degrees
	Mirror     bool
	Variant    uint64 // decides proportions, details and the jitter of colours
}

// Spec is one scene before it is drawn.
type Spec struct {
	Background Background
	// Objects are in painting order, so a later one may hide part of an earlier one. The first is the main object, never smaller than the others. 1 to 4.
	Objects []Object
	Texture uint64 // decides how the ground and the noise fall
	Noise   int    // standard deviation of sensor noise in grey levels, 0 for none
	// Captions are true sentences about the scene, of varying completeness. [CaptionsEach]
	Captions []string
}

// MaxObjects is the most objects a scene has.
const MaxObjects = 4

// maxNoise keeps a picture recognisable as one.
const maxNoise = 100

// Main returns the main object of a valid spec.
func (s Spec) Main() Object { return s.Objects[0] }

// Contains reports whether some object is of the category, prints included.
func (s Spec) Contains(c Category) bool {
	for _, o := range s.Objects {
		if o.Category == c || (o.Print == c && c != NoCategory) {
			return true
		}
	}
	return false
}

// Validate says what keeps the spec from being drawn, if anything does.
func (s Spec) Validate() error {
	if s.Background >= backgroundEnd {
		return fmt.Errorf("scenes: background %d: want less than %d", s.Background, NumBackgrounds)
	}
	if len(s.Objects) == 0 || len(s.Objects) > MaxObjects {
		return fmt.Errorf("scenes: %d objects: want 1 to %d", len(s.Objects), MaxObjects)
	}
	if s.Noise < 0 || s.Noise > maxNoise {
		return fmt.Errorf("scenes: noise %d: want 0 to %d", s.Noise, maxNoise)
	}
	for i, o := range s.Objects {
		if err := o.validate(); err != nil {
			return fmt.Errorf("scenes: object %d: %w", i, err)
		}
	}
	return nil
}

func (o Object) validate() error {
	switch {
	case !o.Category.Valid():
		return fmt.Errorf("category %d: want 1 to %d", o.Category, NumCategories)
	case o.Colour >= colourEnd:
		return fmt.Errorf("colour %d: want less than %d", o.Colour, NumColours)
	case o.Pattern >= patternEnd:
		return fmt.Errorf("pattern %d: want less than %d", o.Pattern, NumPatterns)
	case o.Print != NoCategory && !o.Category.CanCarry():
		return fmt.Errorf("a %s carries no print", o.Category)
	case o.Print != NoCategory && !o.Print.CanBePrinted():
		return fmt.Errorf("category %d is not one that is printed", o.Print)
	case o.PrintColour >= colourEnd:
		return fmt.Errorf("print colour %d: want less than %d", o.PrintColour, NumColours)
	case !(o.Size > 0 && o.Size <= 1):
		return fmt.Errorf("size %v: want more than 0, at most 1", o.Size)
	case !(o.X >= 0 && o.X <= 1 && o.Y >= 0 && o.Y <= 1):
		return fmt.Errorf("centre (%v, %v): want 0 to 1", o.X, o.Y)
	case !(math.Abs(o.Angle) <= 360):
		return fmt.Errorf("angle %v degrees: want -360 to 360", o.Angle)
	}
	return nil
}
