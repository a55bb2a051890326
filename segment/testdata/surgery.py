"""Writes surgery.json: what CLIP Surgery's own code makes of the pictures of testdata/tiny.

    pip install torch safetensors numpy; git clone https://github.com/xmed-lab/CLIP_Surgery; python3 surgery.py CLIP_Surgery

Its image tower takes the pictures from pixels on (clip/clip_surgery_model.py), and its clip_feature_surgery the texts (clip/clip.py). Read at commit d4696d4.
"""
import ast
import importlib.util
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import load_file

here = pathlib.Path(__file__).parent
tiny = here.parent.parent / "testdata" / "tiny"
theirs = pathlib.Path(sys.argv[1]) / "clip"

spec = importlib.util.spec_from_file_location("clip_surgery_model", theirs / "clip_surgery_model.py")
model = importlib.util.module_from_spec(spec)
spec.loader.exec_module(model)
source = (theirs / "clip.py").read_text()
functions = {}
for node in ast.parse(source).body:  # without the imports of clip.py, which ask for packages that nothing here needs
    if isinstance(node, ast.FunctionDef) and node.name == "clip_feature_surgery":
        exec(ast.get_source_segment(source, node), functions)

golden = np.load(tiny / "golden.npz")
weights = {k.removeprefix("visual."): v.float() for k, v in load_file(tiny / "model.safetensors").items() if k.startswith("visual.")}
counts = [len({k.split(".")[1] for k in weights if k.startswith(f"layer{b}.")}) for b in (1, 2, 3, 4)]
width = weights["layer1.0.conv1.weight"].shape[0]
side = golden["images"].shape[1]
tower = model.ModifiedResNet(counts, weights["attnpool.c_proj.weight"].shape[0], width * 32 // 64, side, width).eval()
tower.load_state_dict(weights)

mean, std = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])
pictures = ((torch.tensor(golden["images"][:6]) / 255 - mean) / std).permute(0, 3, 1, 2)
texts = torch.tensor(golden["word_embedding"][:4])
with torch.no_grad():
    features = tower(pictures)  # [I,K+1,D]: the class token, then places
    whole = torch.tensor(golden["embedding"][:6])
    published = torch.nn.functional.normalize(features, dim=-1)
    own = published.clone()
    own[:, 0] = torch.nn.functional.normalize(whole, dim=-1)

    def maps(f):
        # a picture at a time: it reshapes the weights for a batch of one
        return torch.cat([functions["clip_feature_surgery"](one[None], texts) for one in f])[:, 1:].transpose(1, 2)  # [I,Q,K]

    out = dict(published=maps(published), embedding=maps(own))
    print("the class token as published and the embedding: cosines", torch.cosine_similarity(features[:, 0], whole).tolist(), file=sys.stderr)
    print("largest difference of the maps by it:", (out["published"] - out["embedding"]).abs().max().item(), "of", out["published"].abs().max().item(), file=sys.stderr)
(here / "surgery.json").write_text(json.dumps({k: [float(f"{v:.8g}") for v in m.flatten().tolist()] for k, m in out.items()}) + "\n")
