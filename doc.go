// Package facet is the root of facet, the tool with which people see what a CLIP-ResNet knows. It splits the model's image embedding exactly into
// contributions of single neurons passing through single attention heads, names them in words, and puts them to work. The root holds no code of its own.
//
// # Where to begin
//
//   - Package [github.com/facet-clip/facet/lab] answers every question that facet can answer. A Go program opens a lab, which holds a model, and asks:
//     explain a picture, search for a text, read an atlas. Its examples begin with fifteen lines that do all three.
//   - Package [github.com/facet-clip/facet/answer] has the types of the answers, which are also what the command line prints with --json and what the
//     web API gives.
//
// # Below
//
//   - [github.com/facet-clip/facet/decompose] is the decomposition: embedding = Σ s·u + b over pairs of neurons and heads.
//   - [github.com/facet-clip/facet/experiment/attribution] sums its parts by word, and
//     [github.com/facet-clip/facet/experiment] asks the paper's questions.
//   - [github.com/facet-clip/facet/atlas] keeps what pairs did in a dataset, [github.com/facet-clip/facet/concept] has texts,
//     [github.com/facet-clip/facet/segment] and [github.com/facet-clip/facet/drift] are the two applications.
//   - [github.com/facet-clip/facet/clip] is the model: towers, checkpoints, tokenizer, preprocessing.
//
// The formulas are in docs/design.md, the layout in docs/architecture.md.
package facet
