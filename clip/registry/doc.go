// Package registry knows the published CLIP-ResNet checkpoints, finds them on this machine and brings them there.
//
// Terms:
//
//   - A model is a published checkpoint with a name, for example RN50x16 or RN50/yfcc15m, or any repository of the Hugging Face hub that
//     open_clip wrote: hf:owner/name ([Lookup]).
//   - The cache is the folder that keeps models between runs: one folder for each model with its checkpoint in it
//     ([Model.Path]), and in the root the vocabulary that all of them share ([VocabularyPath]).
//   - A machine is the cache and the folders of other programs that keep models too ([Machine]). Those are read, never written to.
//   - To pull a model is to make sure that its vocabulary and its checkpoint are on the machine ([Puller.Pull]).
//   - A source is one place on the network that has a file: a mirror, the hub, the publisher. Sources are tried in this order.
//   - A part is an unfinished download. It lies beside its target with ".part" after the name and is continued by the next pull.
//   - The sum of a file is its SHA-256. Where only the first digits are published, those are compared.
//   - A mirror is another host that offers the publishers' files under the same paths.
//   - A card is the open_clip_config.json of a repository: it says which architecture and which activation a model has ([Card]).
//
// A file gets its final name only when it is whole, its sum is right and it is on the disk, so what lies in the cache
// is complete. A file brought there by hand serves as well: Pull checks its sum and then asks no network. A file in another program's folder is
// read once, and used where it lies when its sum is right.
//
// # The hub
//
// A file's address is ENDPOINT/OWNER/NAME/resolve/REVISION/FILE. The hub answers for a large file with a redirect to its storage and states
// the file's sum and size (X-Linked-Etag, X-Linked-Size), which the bytes are compared with. Where the table of this package knows the sum, that
// one decides. The token goes to the endpoint's host alone.
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
// Only a mirror or an endpoint that was asked for with plain http may use it; otherwise an address or a redirect that is not https is refused.
package registry
