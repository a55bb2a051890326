// Package relatives does with neuron–head pairs what works related to the paper do with other parts of CLIP. A pair's direction is known from the weights, so
// most of it needs second moments or scalars alone, and no stored contributions.
//
//   - [TextSpan] writes a head in texts: Gandelsman, Efros, Steinhardt, "Interpreting CLIP's Image Representation via Text-Based Decomposition" (ICLR 2024).
//   - [Confusing] and [Discover] are from Gandelsman, Efros, Steinhardt, "Interpreting the Second-Order Effects of Neurons in CLIP" (ICLR 2025).
//   - [Attribute] is the component attribution of Balasubramanian, Basu, Feizi, "Decomposing and Interpreting Image Representations via Text in ViTs Beyond
//     CLIP" (NeurIPS 2024), and [Nearest] their retrieval by the parts that carry a property.
//
// Symbols are those of package decompose: s[h,n] with mean s̄, u[h,n] with unit û, embedding e with mean ē.
package relatives
