// Package checkpoint reads the tensors of a CLIP-ResNet out of the files they are published in.
//
// What a file is, is decided by its content, never by its name:
//
//   - OpenAI's TorchScript archives: a zip whose data.pkl is a tree of modules;
//   - plain torch.save archives: a state dict, or open_clip's training checkpoint around one;
//   - safetensors.
//
// The file is memory-mapped; opening it reads the zip directory and data.pkl, or the safetensors header,
// and no tensor. [Checkpoint.Float32] decodes one tensor at a time.
//
// # Terms
//
// A state dict maps dotted names to tensors. A storage is a run of numbers in the file; a tensor is a
// view of one (offset, shape, strides), and several tensors may share a storage. The canonical name of a
// tensor is OpenAI's ("visual.layer1.0.conv1.weight"); its source is its name in the file, which
// differs under timm's naming or with DistributedDataParallel's "module." in front.
//
// # Safety
//
// A pickle is a program. This package parses it and never executes it: the few globals that PyTorch
// writes for tensors are known by name, each stands for plain data, and anything else is refused
// ([ErrUnsafe]). Every size that a file claims is checked against the file before memory is
// asked for. Checksums inside a zip are not verified, because PyTorch may leave them out;
// [Checkpoint.SHA256] identifies a file.
package checkpoint
