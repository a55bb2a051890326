// Package drift compares what a stream of images is about with what a reference was about, pair by pair, and says the difference in
// words (docs/design.md, 21; Bu & Gandelsman, arXiv 2509.19943, §5).
//
// # Terms
//
//   - A Summary is what is kept of a set of images: moments of every pair scalar s[h,n], the Gaussian of the embeddings, and a sample.
//   - A Profile is the summary of the reference, with its strong pairs and the watched concepts.
//   - Δ is a difference of means, the images' minus the reference's: Δs of a pair, Δe of the embedding. Because an embedding is the sum of
//     its pairs, Δe = Σ_p Δs_p·u_p exactly, and a pair's share of the shift is Δs_p⟨u_p,Δe⟩/‖Δe‖².
//   - A Change is a word with the pairs whose part of the shift is most like it.
//   - A Detector follows one number of every image and holds an e-process: evidence against "nothing has changed" that may be looked
//     at after every image.
//
// The package is mathematics: it knows no file, no engine and no picture.
package drift
