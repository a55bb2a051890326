package scenes

// Category says what a thing is. The zero value is no thing at all, which is
// also the label of background pixels. Values are stable: they are the ids in label maps.
type Category uint8

// The categories: vehicles, plants, animals, buildings, household things, things of the sky, a symbol.
const (
	NoCategory Category = iota
	Sedan
	Convertible
	Van
	Pickup
	Bus
	Sailboat
	Airplane
	Oak
	Pine
	Cactus
	Flower
	Mushroom
	Cat
	Fish
	Bird
	Butterfly
	Turtle
	Snail
	Elephant
	House
	Lighthouse
	Castle
	Windmill
	Mug
	Chair
	Lamp
	Clock
	Umbrella
	Shirt
	Guitar
	Star
	Moon
	Cloud
	Kite
	Balloon
	Heart
	categoryEnd
)

// NumCategories is the number of categories, [NoCategory] not counted.
const NumCategories = int(categoryEnd) - 1

// categoryInfo is what the world knows of a category.
type categoryInfo struct {
	names   []string // the class name, then synonyms that mean this category alone
	general []string // wider words that are true of it too
}

var categoryInfos = [categoryEnd]categoryInfo{
	NoCategory:  {names: []string{"background"}},
	Sedan:       {[]string{"sedan", "saloon", "four-door sedan"}, []string{"car", "vehicle"}},
	Convertible: {[]string{"convertible", "cabriolet", "open-top car"}, []string{"car", "vehicle"}},
	Van:         {[]string{"van", "minivan", "delivery van"}, []string{"vehicle"}},
	Pickup:      {[]string{"pickup truck", "pickup"}, []string{"vehicle"}},
	Bus:         {[]string{"bus", "coach", "city bus"}, []string{"vehicle"}},
	Sailboat:    {[]string{"sailboat", "sailing boat", "yacht"}, []string{"boat"}},
	Airplane:    {[]string{"airplane", "plane", "jet"}, []string{"aircraft"}},
	Oak:         {[]string{"oak tree", "oak", "leafy tree"}, []string{"tree", "plant"}},
	Pine:        {[]string{"pine tree", "pine", "fir tree"}, []string{"tree", "plant"}},
	Cactus:      {[]string{"cactus", "saguaro"}, []string{"plant"}},
	Flower:      {[]string{"flower", "blossom"}, []string{"plant"}},
	Mushroom:    {[]string{"mushroom", "toadstool"}, nil},
	Cat:         {[]string{"cat", "kitten", "kitty"}, []string{"animal", "pet"}},
	Fish:        {[]string{"fish"}, []string{"animal"}},
	Bird:        {[]string{"bird", "songbird"}, []string{"animal"}},
	Butterfly:   {[]string{"butterfly"}, []string{"insect"}},
	Turtle:      {[]string{"turtle", "tortoise"}, []string{"animal"}},
	Snail:       {[]string{"snail"}, []string{"animal"}},
	Elephant:    {[]string{"elephant"}, []string{"animal"}},
	House:       {[]string{"house", "cottage"}, []string{"building"}},
	Lighthouse:  {[]string{"lighthouse"}, []string{"building"}},
	Castle:      {[]string{"castle", "fortress"}, []string{"building"}},
	Windmill:    {[]string{"windmill"}, []string{"building"}},
	Mug:         {[]string{"mug", "cup", "coffee mug"}, nil},
	Chair:       {[]string{"chair"}, []string{"piece of furniture"}},
	Lamp:        {[]string{"lamp", "table lamp"}, nil},
	Clock:       {[]string{"alarm clock", "clock"}, nil},
	Umbrella:    {[]string{"umbrella", "parasol"}, nil},
	Shirt:       {[]string{"shirt", "t-shirt", "tee"}, []string{"piece of clothing"}},
	Guitar:      {[]string{"guitar", "acoustic guitar"}, []string{"musical instrument"}},
	Star:        {[]string{"star"}, nil},
	Moon:        {[]string{"moon", "crescent moon", "crescent"}, nil},
	Cloud:       {[]string{"cloud"}, nil},
	Kite:        {[]string{"kite"}, nil},
	Balloon:     {[]string{"hot-air balloon", "hot air balloon"}, nil},
	Heart:       {[]string{"heart"}, nil},
}

// Valid reports whether c is one of the categories, [NoCategory] excluded.
func (c Category) Valid() bool { return c > NoCategory && c < categoryEnd }

// String returns the class name, as in "pickup truck".
func (c Category) String() string {
	return nameOf(c < categoryEnd, "category", func() string { return categoryInfos[c].names[0] })
}

// Synonyms returns the words that mean exactly this category, class name first.
func (c Category) Synonyms() []string {
	return copyIf(c < categoryEnd, func() []string { return categoryInfos[c].names })
}

// General returns wider words that are true of the category ("car" of a sedan).
func (c Category) General() []string {
	return copyIf(c < categoryEnd, func() []string { return categoryInfos[c].general })
}

// Categories returns every category in the order of its id, from 1 on.
func Categories() []Category { return list(NoCategory+1, categoryEnd) }

// BodyStyles returns the road vehicles, which differ in body style.
func BodyStyles() []Category { return list(Sedan, Bus+1) }

// Carriers returns the categories that can carry a print.
func Carriers() []Category { return []Category{Shirt, Mug, Kite, Balloon} }

// Prints returns the categories that occur as prints, each of which exists on its own too.
func Prints() []Category { return []Category{Butterfly, Heart, Star, Flower, Fish, Moon} }

// CanCarry reports whether c is a carrier.
func (c Category) CanCarry() bool { return contains(Carriers(), c) }

// CanBePrinted reports whether c occurs as a print.
func (c Category) CanBePrinted() bool { return contains(Prints(), c) }

// Colour names the paint of an object's body.
type Colour uint8

// The ten colours.
const (
	Red Colour = iota
	Orange
	Yellow
	Green
	Blue
	Purple
	Pink
	Brown
	Black
	White
	colourEnd
)

// NumColours is the number of colours.
const NumColours = int(colourEnd)

var colourNames = [colourEnd][]string{
	Red: {"red", "scarlet"}, Orange: {"orange"}, Yellow: {"yellow"}, Green: {"green", "emerald"}, Blue: {"blue", "cobalt"},
	Purple: {"purple", "violet"}, Pink: {"pink"}, Brown: {"brown", "chestnut"}, Black: {"black"}, White: {"white"},
}

// String returns the colour's name.
func (c Colour) String() string {
	return nameOf(c < colourEnd, "colour", func() string { return colourNames[c][0] })
}

// Synonyms returns the words for the colour, the plain name first.
func (c Colour) Synonyms() []string {
	return copyIf(c < colourEnd, func() []string { return colourNames[c] })
}

// Colours returns every colour.
func Colours() []Colour { return list(Red, colourEnd) }

// Pattern says how an object's body is patterned.
type Pattern uint8

// The patterns.
const (
	Plain Pattern = iota
	Striped
	Dotted
	Checked
	patternEnd
)

// NumPatterns is the number of patterns, [Plain] included.
const NumPatterns = int(patternEnd)

var patternNames = [patternEnd][]string{
	Plain: {"plain"}, Striped: {"striped", "stripy"}, Dotted: {"dotted", "spotted", "polka-dot"}, Checked: {"checked", "checkered", "chequered"},
}

// String returns the pattern's name.
func (p Pattern) String() string {
	return nameOf(p < patternEnd, "pattern", func() string { return patternNames[p][0] })
}

// Synonyms returns the words for the pattern, the plain name first.
func (p Pattern) Synonyms() []string {
	return copyIf(p < patternEnd, func() []string { return patternNames[p] })
}

// Patterns returns every pattern, [Plain] first.
func Patterns() []Pattern { return list(Plain, patternEnd) }

// Background says which texture fills the ground of a scene.
type Background uint8

// The backgrounds.
const (
	Grass Background = iota
	Sand
	Water
	Snow
	Brick
	Wood
	Sky
	Gravel
	Tiles
	Asphalt
	Leaves
	Night
	backgroundEnd
)

// NumBackgrounds is the number of backgrounds.
const NumBackgrounds = int(backgroundEnd)

// backgroundInfo holds the class names of a background and the phrases that place things on it.
type backgroundInfo struct {
	names  []string
	places []string
}

var backgroundInfos = [backgroundEnd]backgroundInfo{
	Grass:   {[]string{"grass", "lawn", "meadow"}, []string{"on grass", "on the grass", "on a lawn", "in a meadow"}},
	Sand:    {[]string{"sand", "beach"}, []string{"on sand", "on the sand", "on a beach"}},
	Water:   {[]string{"water", "sea"}, []string{"on water", "on the water", "in the sea"}},
	Snow:    {[]string{"snow"}, []string{"on snow", "in the snow", "on the snow"}},
	Brick:   {[]string{"brick wall", "bricks"}, []string{"in front of a brick wall", "against a brick wall", "against bricks"}},
	Wood:    {[]string{"wood", "wooden boards"}, []string{"on wood", "on wooden boards", "on a wooden floor"}},
	Sky:     {[]string{"blue sky", "daytime sky"}, []string{"in the blue sky", "against a blue sky", "in the daytime sky"}},
	Gravel:  {[]string{"gravel", "pebbles"}, []string{"on gravel", "on pebbles"}},
	Tiles:   {[]string{"tiles", "tiled floor"}, []string{"on tiles", "on a tiled floor", "against tiles"}},
	Asphalt: {[]string{"asphalt", "road"}, []string{"on asphalt", "on the asphalt", "on a road"}},
	Leaves:  {[]string{"autumn leaves", "fallen leaves"}, []string{"on autumn leaves", "on fallen leaves"}},
	Night:   {[]string{"night sky", "starry sky"}, []string{"in the night sky", "against a night sky", "under a starry sky"}},
}

// String returns the background's class name.
func (b Background) String() string {
	return nameOf(b < backgroundEnd, "background", func() string { return backgroundInfos[b].names[0] })
}

// Synonyms returns the words for the background, class name first.
func (b Background) Synonyms() []string {
	return copyIf(b < backgroundEnd, func() []string { return backgroundInfos[b].names })
}

// Places returns the phrases that put a thing there, as in "on a lawn".
func (b Background) Places() []string {
	return copyIf(b < backgroundEnd, func() []string { return backgroundInfos[b].places })
}

// Backgrounds returns every background.
func Backgrounds() []Background { return list(Grass, backgroundEnd) }

// LabelNames returns the names of label-map values: "background", then the categories. [1+NumCategories]
func LabelNames() []string {
	names := make([]string, 0, int(categoryEnd))
	for c := NoCategory; c < categoryEnd; c++ {
		names = append(names, c.String())
	}
	return names
}

// ContextNames returns the names of the values of [Scene.Context]: those of
// [LabelNames] and then the backgrounds. [1+NumCategories+NumBackgrounds]
func ContextNames() []string {
	names := LabelNames()
	for _, b := range Backgrounds() {
		names = append(names, b.String())
	}
	return names
}
