// Package registry knows the published CLIP-ResNet checkpoints and brings them onto this machine.
//
// Terms:
//
//   - A model is a published checkpoint with a name, for example RN50x16 or RN50/yfcc15m.
//   - The cache is the folder that keeps models between runs: one folder for each model with its checkpoint in it
//     ([Model.Path]), and in the root the vocabulary that all of them share ([VocabularyPath]).
//   - To pull a model is to download its vocabulary and its checkpoint ([Puller.Pull]).
//   - A part is an unfinished download. It lies beside its target with ".part" after the name and is continued by the next pull.
//   - The sum of a file is its SHA-256. Where only the first digits are published, those are compared.
//   - A mirror is another host that offers the same files under the same paths.
//
// A file gets its final name only when it is whole, its sum is right and it is on the disk, so what lies in the cache
// is complete. A file brought there by hand serves as well: Pull checks its sum and then asks no network.
//
// # Mirrors
//
// The address of a file at a mirror is the mirror's URL, without a slash at its end, followed by the path of the
// published URL. With the mirror https://files.example.org/clip, the file
//
//	https://github.com/openai/CLIP/raw/main/clip/bpe_simple_vocab_16e6.txt.gz
//
// is taken from
//
//	https://files.example.org/clip/openai/CLIP/raw/main/clip/bpe_simple_vocab_16e6.txt.gz
//
// The vocabulary comes from the mirror too. Sums are those of the originals: a mirror cannot slip in another OpenAI
// checkpoint or vocabulary. Of open_clip's files only eight digits are published; they catch accidents, not a forger.
// Only a mirror may use plain http; otherwise an address or a redirect that is not https is refused.
package registry
