// Package edit is the mathematics of changing what a CLIP-ResNet knows (docs/design.md, formulas 30 to 36). An [Edit] is known twice: as new weights of
// the attention pool, and as what becomes of an embedding whose pair scalars are known. Both are exact, so an edit can be priced before a byte is
// written and no picture is encoded again.
//
// # Terms
//
//   - M heads, C neurons, D the joint embedding width; s[h,n] a pair's scalar and u[h,n] its direction, as in package decompose.
//   - Pairs are changed in their scalar: s becomes gain·s + shift. Scaling by α about the mean s̄ is gain = α, shift = (1−α)·s̄.
//   - The embedding is changed by an [Eraser]: e becomes e − L R (e − μ), a map that differs from the identity in r directions.
//   - Queries, keys and everything before the pool stay, so attention and scalars stay.
//
// The package knows no engine, no file and no picture. Data is float32, sums are float64.
package edit
