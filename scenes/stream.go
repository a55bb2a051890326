package scenes

import (
	"fmt"
	"iter"
	"slices"
)

// Window is a stretch of a stream within which the world stands still: a year, a month, a day.
type Window struct {
	Name   string
	Scenes int
	World  World
	Share  float64 // of the window's scenes in which the stream's concept is expected to hold
}

// Stream is a sequence of scenes whose world changes from window to window.
type Stream struct {
	Name    string
	Concept string // what changes, in words: "a yellow car"
	Seed    uint64
	Windows []Window
	Holds   func(Spec) bool // whether the concept is true of a scene
}

// Item is one scene of a stream, before it is rendered.
type Item struct {
	Index  int // in the stream
	Window int // index of its window
	Spec   Spec
	Holds  bool // whether the stream's concept is true of it
}

// Len returns the number of scenes in the stream.
func (s Stream) Len() int {
	n := 0
	for _, w := range s.Windows {
		n += w.Scenes
	}
	return n
}

// Item returns scene i of the stream, 0 ≤ i < [Stream.Len]. Like [Sample], it depends on no other scene.
func (s Stream) Item(i int) (Item, error) {
	left := i
	for k, w := range s.Windows {
		if left < 0 {
			break
		}
		if left >= w.Scenes {
			left -= w.Scenes
			continue
		}
		spec, err := Sample(w.World, s.Seed, uint64(i))
		if err != nil {
			return Item{}, fmt.Errorf("stream %q, window %q: %w", s.Name, w.Name, err)
		}
		return Item{Index: i, Window: k, Spec: spec, Holds: s.Holds(spec)}, nil
	}
	return Item{}, fmt.Errorf("scenes: stream %q has no scene %d: want 0 to %d", s.Name, i, s.Len()-1)
}

// All yields the scenes in order, and stops after the first error.
func (s Stream) All() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for i := range s.Len() {
			item, err := s.Item(i)
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// Streams returns every ready-made stream, with the given number of scenes in each window.
func Streams(seed uint64, scenes int) []Stream {
	return []Stream{
		YellowCars(seed, scenes), ConvertiblesVanish(seed, scenes), SnowArrives(seed, scenes),
		NoisySensor(seed, scenes), Steady(seed, scenes),
	}
}

// schedule builds a stream with one window for each share; shape gives the window's world.
func schedule(s Stream, name func(k int) string, scenes int, shares []float64, shape func(World, float64) World) Stream {
	for k, share := range shares {
		s.Windows = append(s.Windows, Window{Name: name(k), Scenes: scenes, World: shape(DefaultWorld(), share), Share: share})
	}
	return s
}

func year(k int) string { return fmt.Sprint(2015 + k) }

func month(k int) string { return fmt.Sprintf("2024-%02d", k+1) }

func day(k int) string { return fmt.Sprintf("2024-06-%02d", k+1) }

// traffic is a world of single cars of every body style.
func traffic(w World) World { return w.Single().Only(BodyStyles()...) }

// weigh sets one weight so that its share of all the weights is as given.
func weigh(weights []float64, at int, share float64) {
	rest := 0.0
	for i, w := range weights {
		if i != at {
			rest += w
		}
	}
	for i := range weights {
		weights[i] *= (1 - share) / rest
	}
	weights[at] = share
}

// isCar reports whether the main object is a road vehicle.
func isCar(s Spec) bool { return slices.Contains(BodyStyles(), s.Main().Category) }

func isYellowCar(s Spec) bool { return isCar(s) && s.Main().Colour == Yellow }

func yellowTraffic(w World, share float64) World {
	w = traffic(w)
	weigh(w.Colours[:], int(Yellow), share)
	return w
}

// YellowCars is ten years of traffic in which the share of yellow cars rises from 4 to 49 in a hundred.
func YellowCars(seed uint64, scenes int) Stream {
	shares := []float64{0.04, 0.09, 0.14, 0.19, 0.24, 0.29, 0.34, 0.39, 0.44, 0.49}
	return schedule(Stream{Name: "yellow-cars", Concept: "a yellow car", Seed: seed, Holds: isYellowCar}, year, scenes, shares, yellowTraffic)
}

// ConvertiblesVanish is ten years of traffic; convertibles are 30 in a hundred at first and none from the eighth year on.
func ConvertiblesVanish(seed uint64, scenes int) Stream {
	s := Stream{Name: "convertibles-vanish", Concept: "a convertible", Seed: seed,
		Holds: func(s Spec) bool { return s.Main().Category == Convertible }}
	shares := []float64{0.3, 0.3, 0.26, 0.2, 0.14, 0.08, 0.03, 0, 0, 0}
	return schedule(s, year, scenes, shares, func(w World, share float64) World {
		w = traffic(w)
		weigh(w.Categories[1:], int(Convertible)-1, share)
		return w
	})
}

// SnowArrives is a year of the default world with snow on the ground from November on.
func SnowArrives(seed uint64, scenes int) Stream {
	s := Stream{Name: "snow-arrives", Concept: "snow", Seed: seed,
		Holds: func(s Spec) bool { return s.Background == Snow }}
	shares := []float64{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.35, 0.7}
	return schedule(s, month, scenes, shares, func(w World, share float64) World {
		weigh(w.Backgrounds[:], int(Snow), share)
		return w
	})
}

// NoisySensor is ten days of the default world; from the sixth on a sensor adds ever more noise to every picture.
func NoisySensor(seed uint64, scenes int) Stream {
	s := Stream{Name: "noisy-sensor", Concept: "a noisy picture", Seed: seed,
		Holds: func(s Spec) bool { return s.Noise > 0 }}
	s = schedule(s, day, scenes, []float64{0, 0, 0, 0, 0, 1, 1, 1, 1, 1}, func(w World, _ float64) World { return w })
	for k, noise := range []int{8, 14, 20, 28, 36} {
		s.Windows[5+k].World.Noise = noise
	}
	return s
}

// Steady is ten years of traffic in which nothing changes; one car in ten is yellow.
func Steady(seed uint64, scenes int) Stream {
	shares := slices.Repeat([]float64{0.1}, 10)
	return schedule(Stream{Name: "steady", Concept: "a yellow car", Seed: seed, Holds: isYellowCar}, year, scenes, shares, yellowTraffic)
}
