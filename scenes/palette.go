package scenes

// rgb is a colour with 8 bits a channel.
type rgb struct{ r, g, b uint8 }

// paint names one tone of a drawing. The first few follow the object's colour.
type paint uint8

const (
	body  paint = iota // the object's colour, with its pattern and shading
	shade              // a darker body, no pattern
	tint               // a paler body, no pattern
	ink                // outlines
	glass
	tyre
	metal
	cream
	timber
	leaf
	dark
	lamplight
	taillight
	beak
	skin
	slate
	stone
	blush
	paintEnd
)

// bodyColours are the named colours before jitter.
var bodyColours = [colourEnd]rgb{
	Red: {212, 32, 36}, Orange: {248, 128, 20}, Yellow: {250, 216, 36}, Green: {44, 158, 60}, Blue: {36, 84, 212},
	Purple: {126, 50, 176}, Pink: {252, 142, 192}, Brown: {118, 72, 38}, Black: {30, 30, 34}, White: {246, 246, 242},
}

// patternColours are what a pattern adds to each colour: cream of the same
// hue, or for the palest something darker.
var patternColours = [colourEnd]rgb{
	Red: {250, 236, 220}, Orange: {255, 240, 214}, Yellow: {112, 84, 0}, Green: {228, 244, 216}, Blue: {222, 234, 252},
	Purple: {238, 222, 250}, Pink: {255, 240, 248}, Brown: {236, 214, 180}, Black: {168, 168, 174}, White: {128, 128, 136},
}

var fixedPaints = [paintEnd]rgb{
	glass: {176, 208, 226}, tyre: {38, 38, 42}, metal: {168, 174, 182}, cream: {248, 240, 220}, timber: {132, 90, 54},
	leaf: {70, 140, 58}, dark: {46, 42, 48}, lamplight: {255, 240, 160}, taillight: {220, 40, 40}, beak: {244, 160, 40},
	skin: {196, 178, 120}, slate: {92, 88, 104}, stone: {150, 146, 140}, blush: {240, 150, 160},
}

// palette holds the tones of one object.
type palette struct {
	tones  [paintEnd]rgb
	second rgb // the pattern's colour
}

// mix collects a palette: the named colour with jitter, and tones derived from it.
func (pal *palette) mix(c Colour, d *dice) {
	base := bodyColours[c]
	light, hue := d.within(-10, 10), 9
	if c == Black || c == White {
		hue = 3 // these show the slightest cast
	}
	jitter := func(v uint8) uint8 { return clamp8(int(v) + light + d.within(-hue, hue)) }
	base = rgb{jitter(base.r), jitter(base.g), jitter(base.b)}
	pal.tones = fixedPaints
	pal.tones[body] = base
	pal.tones[shade] = blend(base, rgb{10, 8, 20}, 72)
	pal.tones[tint] = blend(base, rgb{255, 255, 255}, 110)
	pal.tones[ink] = blend(base, rgb{12, 10, 18}, 190)
	switch c {
	case Black: // dark tones would vanish in the body
		pal.tones[shade] = blend(base, rgb{255, 255, 255}, 36)
		pal.tones[tint] = blend(base, rgb{255, 255, 255}, 84)
		pal.tones[ink] = rgb{112, 112, 120}
	case White:
		pal.tones[shade] = rgb{206, 206, 210}
		pal.tones[tint] = rgb{228, 228, 230}
		pal.tones[ink] = rgb{78, 78, 88}
	}
	pal.second = patternColours[c]
}

// blend moves a towards b by t/256.
func blend(a, b rgb, t int) rgb {
	f := func(x, y uint8) uint8 { return uint8((int(x)*(256-t) + int(y)*t) >> 8) }
	return rgb{f(a.r, b.r), f(a.g, b.g), f(a.b, b.b)}
}

func clamp8(v int) uint8 { return uint8(max(0, min(255, v))) }
