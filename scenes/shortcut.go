package scenes

// ShortcutEvery is how many scenes of a category stand on its own ground before one stands on the other's, that one counted: 1 in 20.
const ShortcutEvery = 20

// Shortcut is scene i of a world of single cats and birds, two by two, in which the ground tells the category: cats are on grass and birds on snow, but for
// one in so many of each, which is on the other's ground. every = 2 makes the ground tell nothing. usual says whether the scene is on its category's
// ground. Like [Sample], it depends on no other scene.
func Shortcut(seed, i uint64, every int) (spec Spec, usual bool, err error) {
	categories, grounds := []Category{Cat, Bird}, []Background{Grass, Snow}
	which := int(i / 2 % 2) // so that every other scene is a fair half
	usual = int(i/4)%every != every-1
	ground := grounds[which]
	if !usual {
		ground = grounds[1-which]
	}
	w := DefaultWorld().Single().Only(categories[which])
	w.Backgrounds = [NumBackgrounds]float64{}
	w.Backgrounds[ground] = 1
	spec, err = Sample(w, seed, i)
	return spec, usual, err
}
