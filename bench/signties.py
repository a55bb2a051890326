"""How much sign ties move the choice of pairs for segmentation.

    facet scan 'scenes:single?n=600&seed=31' -o single --keep-scalars
    facet embed --texts classes.txt -o classes.npy
    python3 bench/signties.py single demo/model.safetensors classes.npy [FLIPPED]        needs NumPy and safetensors

A pair's direction gets the sign that more than half of its 50 images of largest |s − s̄| have. Where 25 have each, the published code keeps what LAPACK left, and
facet takes +. The script counts such pairs, and how many of the pairs that a text takes change when all ties are −, and in 20 draws of their signs.
With FLIPPED it copies the atlas there with all ties −, for facet evaluate segmentation --atlas; that needs pyarrow and google-crc32c.
"""
import hashlib
import json
import pathlib
import shutil
import sys

import numpy as np
from safetensors.numpy import load_file

atlas, checkpoint, texts = sys.argv[1:4]
s = np.load(pathlib.Path(atlas) / "scalars.npy").astype(np.float64)  # [N,M,C]
M, C = s.shape[1:]
centred = (s - s.mean(0)).reshape(len(s), -1)
far = np.argpartition(-np.abs(centred), 50, axis=0)[:50]
positive = (np.take_along_axis(centred, far, 0) > 0).sum(0)
ties = positive == 25
sign = np.where(positive >= 25, 1, -1)
w = {k: v.astype(np.float64) for k, v in load_file(checkpoint).items() if k.startswith("visual.attnpool")}
wo, wv = w["visual.attnpool.c_proj.weight"], w["visual.attnpool.v_proj.weight"].reshape(M, C // M, C)
u = np.einsum("omd,mdc->mco", wo.reshape(len(wo), M, C // M), wv).reshape(M * C, -1)
t = np.load(texts).astype(np.float64)
t /= np.linalg.norm(t, axis=1, keepdims=True)
t -= t.mean(0)
t /= np.linalg.norm(t, axis=1, keepdims=True)
likeness = (u / np.linalg.norm(u, axis=1, keepdims=True)) @ t.T  # [pairs,texts]
k = round(20_000 / (48 * 3072) * M * C)


def chosen(signs):
    return [set(column) for column in np.argsort(-(likeness * signs[:, None]), axis=0, kind="stable")[:k].T]


base = chosen(sign)
rng = np.random.default_rng(0)
changed = []
for draw in range(21):
    other = np.where(ties, -1 if draw == 0 else rng.choice([-1, 1], len(ties)), sign)
    changed.append([len(a - b) for a, b in zip(base, chosen(other))])
print(f"{ties.sum()} of {len(ties)} pairs tie; a text takes {k} pairs")
print(f"all ties −: {np.mean(changed[0]):.2f} of them change on average, {np.max(changed[0])} at most")
print(f"drawn     : {np.mean(changed[1:]):.2f} on average, {np.max(changed[1:])} at most")


def flip(to):
    """facet counts signs itself, from each pair's lists of extremes. There the 25th image above the mean, and those after it, come close to the mean."""
    import google_crc32c
    import pyarrow.parquet as pq

    shutil.copytree(atlas, to)
    extremes = pq.read_table(to / "top_images.parquet")
    pair = extremes["head"].to_numpy() * C + extremes["neuron"].to_numpy()
    rank, scalar, mean = extremes["rank"].to_numpy(), extremes["scalar"].to_numpy().copy(), s.mean(0).reshape(-1)
    turned = ties[pair] & extremes["largest"].to_numpy() & (rank >= 24)
    scalar[turned] = (mean[pair] + 0.05 * (scalar - mean[pair]).astype(np.float64))[turned]
    at = extremes.schema.get_field_index("scalar")
    extremes = extremes.set_column(at, extremes.schema.field(at), [scalar])
    pq.write_table(extremes, to / "top_images.parquet", use_dictionary=False, row_group_size=100_000)
    manifest, data = json.loads((to / "atlas.json").read_text()), (to / "top_images.parquet").read_bytes()
    for file in manifest["files"]:
        if file["name"] == "top_images.parquet":
            file.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), crc32c=google_crc32c.value(data))
    (to / "atlas.json").write_text(json.dumps(manifest))


if len(sys.argv) > 4:
    flip(pathlib.Path(sys.argv[4]))
