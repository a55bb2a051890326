// Package checkpoint reads the tensors of a CLIP-ResNet out of the files they are published in.
//
// What a file is, is decided by its content, never by its name:
//
//   - OpenAI's TorchScript archives: a zip whose data.pkl is a tree of modules;
//   - torch.save archives: a state dict, or what a trainer (open_clip, PyTorch Lightning, one's own) saves around one;
//   - safetensors;
//   - the JSON index of a checkpoint in shards, which are read too.
//
// The file is memory-mapped; opening it reads the zip directory and data.pkl, or the safetensors header,
// and no tensor. [Checkpoint.Float32] decodes one tensor at a time.
//
// # Terms
//
// A state dict maps dotted names to tensors. A storage is a run of numbers in the file; a tensor is a
// view of one (offset, shape, strides), and several tensors may share a storage. The canonical name of a
// tensor is OpenAI's ("visual.layer1.0.conv1.weight"); its source is its name in the file, which
// differs under timm's naming, under open_clip's "text." (CustomTextCLIP), and where a wrapper such as DistributedDataParallel, torch.compile
// or a Lightning module put "module.", "_orig_mod." or "model." in front.
//
// # Which weights
//
// A file may hold several sets of weights: as trained, and as an average over the training's steps (EMA). Those as trained are taken;
// averages are taken where there is nothing else. [Checkpoint.Weights] tells which set was taken and which were not.
//
// # Safety
//
// A pickle is a program. This package parses it and never executes it: the few functions that make tensors are known by name, and each stands
// for plain data. All other objects beside the weights (settings, dates, NumPy scalars, an optimizer) are passed over without being made. A
// pickle that asks for what only an attack needs is refused ([ErrUnsafe]). Every size that a file claims is checked against the file before memory is
// asked for. Checksums inside a zip are not verified, because PyTorch may leave them out;
// [Checkpoint.SHA256] identifies a file.
package checkpoint
