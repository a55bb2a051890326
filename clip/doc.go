// Package clip is a CLIP whose image tower is a ModifiedResNet with an attention pool.
//
// A [Config] is read off the tensors of a checkpoint, the two towers are written once as a
// [graph.Graph] (image.go, text.go), and a [Model] runs them on an engine.
//
// # Terms
//
// Image 3×H×W; trunk output Z: C×h×w, stride 32, after ReLU; K = h·w spatial tokens z_1..z_K,
// row-major; class token z_0 = mean z_i; position embedding p [K+1,C]; tokens x_i = z_i + p_i; M heads of
// width d = C/M; joint embedding width D. Pair scalars s[h,n] = Σ_i a_i^h x_{i,n} (docs/design.md, formula 3;
// Bu & Gandelsman, arXiv 2509.19943, §3).
package clip
