// Package scenes renders the demo world: small pictures of known things on
// known grounds, with captions, masks and boxes that are true by construction.
//
// Terms:
//
//   - category: what a thing is (a sedan, a butterfly, a mug).
//   - colour, pattern: how its body is painted. Ten colours with jitter; plain, striped, dotted, checked.
//   - background: the textured ground that fills the picture (grass, brick, water).
//   - carrier and print: some things (shirt, mug, kite, hot-air balloon) can carry a
//     print of another thing; what is printed also exists on its own.
//   - world: the distribution scenes are drawn from. [DefaultWorld] is even-handed.
//   - spec: one scene in words and numbers, before anything is drawn.
//   - scene: a rendered spec: image, instance map, and what is visible of each object.
//   - stream: windows of scenes whose world changes on a schedule (drift).
//
// # Same pixels everywhere
//
// Scene i of seed s depends on (s, i) alone: not on other scenes, the number
// of goroutines, or the machine. Random numbers are PCG's raw 64-bit words, turned into choices here.
// Shapes are written with floats, but each coordinate is quantised to 1/64 unit
// the moment it enters a drawing, at an offset that keeps decimal fractions
// away from rounding ties, so a fused multiply-add cannot move a point. From there on
// (curves, placement, colours, patterns, textures) all arithmetic is on integers, square
// roots of integers aside, which IEEE 754 rounds correctly. The rasterizer is
// golang.org/x/image/vector in its fixed-point mode, which it uses up to 512 pixels a side: hence [MaxSize].
//
// # Masks
//
// Objects are painted in order, later ones over earlier ones. A pixel belongs
// to the last object that painted it with at least half coverage.
package scenes
