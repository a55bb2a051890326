"""Runs functions of the paper's relatives beside facet, on the demo model and scenes of its world, and compares what both give.

    git clone https://github.com/yossigandelsman/clip_prs prs
    git clone https://github.com/yossigandelsman/second_order_lens lens
    git clone https://github.com/SriramB-98/vit-decompose vit
    python3 -m venv venv; venv/bin/pip install torch torchvision einops ftfy regex scikit-learn scikit-image matplotlib pillow scipy tqdm timm safetensors pandas
    venv/bin/python scripts/relatives.py bin/facet demo/model.safetensors prs lens vit WORK

WORK is an empty folder. Functions are imported from the clones and called as they are: TextSpan of clip_prs and vit-decompose, variance_attributed, and of
second_order_lens the whole of compute_pcas.py and compute_sparse_decomposition.py. What the latter's other programs compute stands within functions that load a
vision transformer, a language model or ImageNet. Its statements are taken out by name and run on pairs. It exits with 1 when something differs.
"""
import argparse
import ast
import csv
import importlib
import json
import pathlib
import subprocess
import sys
import types

import numpy as np
import torch
from safetensors.numpy import load_file

facet, checkpoint, prs, lens, vit, work = (pathlib.Path(a).resolve() for a in sys.argv[1:7])
work.mkdir(parents=True, exist_ok=True)
SCENES, MEANS, N, TERMS, RANK = "scenes:single?n=120&seed=31", "scenes:single?n=120&seed=32", 120, 8, 50
COLOURS = "red green blue yellow orange purple white black".split()
THINGS = "car cat dog bird house tree boat mug moon guitar bus shirt cloud castle snail airplane".split()
WORDS = COLOURS + THINGS + [f"a {c} {t}" for c in COLOURS for t in THINGS[:10]]
CLASSES = ", ".join(THINGS[:6])
failed = []
torch.qr = torch.linalg.qr  # which newer releases of PyTorch have no more
sys.modules["clip"] = types.ModuleType("clip")  # imported beside the functions that run


def run(*args, out=True):
    got = subprocess.run([str(facet), *map(str, args), "--model", "demo"] + ["--json"] * out, check=True, capture_output=True, text=True, cwd=work)
    return json.loads(got.stdout) if out else None


def compare(what, ours, theirs, within=1e-5):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    off = np.abs(ours - theirs).max() / np.abs(theirs).max()
    print(f"{what:95} {off:.1e}")
    if not off < within:
        failed.append(what)


def same(what, ours, theirs):
    alike = sum(a == b for a, b in zip(ours, theirs))
    print(f"{what:95} {alike} of {max(len(ours), len(theirs))} the same")
    if list(ours) != list(theirs):
        failed.append(what)


def theirs(repo, *names):
    """Modules of a checkout; each has folders called utils of its own."""
    for name in list(sys.modules):
        if name.split(".")[0] in ("utils", "helpers", "decompose", "prs_hook"):
            del sys.modules[name]
    sys.path.insert(0, str(repo))
    found = [importlib.import_module(n) for n in names]
    sys.path.pop(0)
    return found


def statements(path, function, room, keep):
    """Runs those statements of a function that keep says, wherever they stand in it, in room."""
    tree = ast.parse(path.read_text())
    body = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == function)
    kept = [n for n in ast.walk(body) if isinstance(n, ast.stmt) and keep(n)]
    exec(compile(ast.Module(sorted(kept, key=lambda n: n.lineno), []), str(path), "exec"), room)


def assigns(*names):
    return lambda n: isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id in names


def unit(a):
    return a / np.linalg.norm(a, axis=-1, keepdims=True)


def spans(parts, texts):
    """TextSpan of both repositories; what a head contributes, [N,D]."""
    tools, = theirs(prs, "compute_complete_text_set")
    later = theirs(vit, "helpers.interpret_utils")[0].replace_with_iterative_removal
    ours, first, second, deviations, wanted = [], [], [], [], []
    for h in range(M):
        got = run("head", "atlas", h, "--bank", "words.txt", "--span", 10)["texts"]
        ours += [t["text"] for t in got]
        deviations += [t["deviation"] for t in got]
        data = parts[:, h].sum(1)
        first += tools.replace_with_iterative_removal(data, texts, WORDS, 10, d, "cpu")[1]
        flat = np.linalg.svd(data, full_matrices=False)[2][:d]
        _, chosen, stds = later(torch.from_numpy(data), torch.from_numpy(texts @ flat.T @ flat), WORDS, 10, None, "cpu")
        second += chosen
        wanted += [s * (1 - 1 / N) ** 0.5 for s in stds]
    same("clip_prs replace_with_iterative_removal, ten texts of every head", ours, first)
    same("vit-decompose replace_with_iterative_removal, ten texts of every head", ours, second)
    compare("    their deviations, of N and not N − 1", deviations, wanted, 1e-4)


def attributed(kept, embeddings, texts):
    """variance_attributed of vit-decompose."""
    attribute = theirs(vit, "helpers.decompose_utils")[0].variance_attributed
    rest = embeddings - kept.sum((1, 2))  # the constant is a component too
    for name, parts, count in (("head", kept.sum(2), M), ("neuron", kept.sum(1), C), ("pair", kept.reshape(N, M * C, D), 300)):
        units = run("property", "atlas", ", ".join(COLOURS[:4]), "--unit", name, "--top", count)["units"]
        index = [u["head"] if name == "head" else u["neuron"] if name == "neuron" else u["head"] * C + u["neuron"] for u in units]
        some = parts[:, index].swapaxes(0, 1)
        other = (parts.sum(1) - some.sum(0) + rest)[None]
        got = attribute(torch.from_numpy(np.concatenate([some, other])), torch.from_numpy(texts[:4])).numpy()[:len(index)]
        compare(f"vit-decompose variance_attributed, {len(index)} {name}s, times N/(N−1)", [u["score"] for u in units], got * N / (N - 1), 1e-4)


def args(**more):
    return argparse.Namespace(**dict(dataset="d", model="m", pretrained="p", mlp_layer=0, top_k_pca=RANK, input_dir=str(work), output_dir=str(work), coefficient=100.0,
                                     components=TERMS, transform_alpha=1.0, text_descriptions="words", descriptions_dir=str(work), evaluate=False) | more)


def pcas(parts, u):
    """compute_pcas.py on 400 pairs; it writes their directions and norms."""
    np.save(work / "d_train_mlps_m_p_0_merged.npy", parts)
    theirs(lens, "compute_pcas")[0].main(args())
    got = np.load(work / f"d_train_mlps_m_p_0_{RANK}_pca.npy")
    compare(f"second_order_lens compute_pcas.py, directions of {len(u)} pairs up to sign", np.abs((unit(u) * got).sum(1)), np.ones(len(u)), 1e-5)


def ties(s):
    """Pairs of which half of the fifty strongest images are above the mean [M·C]: facet takes + and theirs what LAPACK left."""
    centred = (s - s.mean(0)).reshape(N, -1)
    far = np.argsort(np.abs(centred), axis=0)[-RANK:]
    return (np.take_along_axis(centred, far, 0) > 0).sum(0) == RANK // 2


def labels(some, texts, tied):
    """compute_sparse_decomposition.py, whose dictionary is scaled by columns. Pairs whose sign is a tie are counted apart."""
    np.save(work / "words_m_p.npy", texts)
    np.save(work / "d_classifier_m_p.npy", texts)
    (work / "words.txt").write_text("\n".join(WORDS) + "\n")
    sparse = theirs(lens, "compute_sparse_decomposition")[0]
    sparse.main(args())
    want = json.loads((work / f"d_mlps_m_p_0_words_decomposition_omp_1.0_{TERMS}.json").read_text())
    run("label", "atlas", "--units", "all", "--bank", "words.txt", "--terms", TERMS, "--dictionary-norm", "reference", "-o", "labels.csv", out=False)
    ours = {}
    with open(work / "labels.csv", newline="") as file:
        for r in csv.DictReader(file):
            if r["sense"] == "says":
                ours.setdefault(int(r["head"]) * C + int(r["neuron"]), {})[r["text"]] = float(r["coefficient"])
    got, wanted, alike, turned = [], [], 0, 0
    for i, p in enumerate(some):
        their = {t: c * 100 for _, c, t in want[str(i)] if c}
        if set(their) == set(ours[p]):
            alike += 1
            turn = -1 if tied[i] and sum(ours[p][t] * c for t, c in their.items()) < 0 else 1
            turned += turn < 0
            got += [turn * ours[p][t] for t in their]
            wanted += their.values()
    print(f"{'second_order_lens compute_sparse_decomposition.py: pairs with the same ' + str(TERMS) + ' texts':95} {alike} of {len(some)}")
    if alike < len(some) * 0.99:
        failed.append("sparse decomposition")
    compare(f"    their coefficients; {tied.sum()} signs are ties, of which {turned} differ", got, wanted, 1e-4)
    return sparse.Decompose


def words(coder, u, texts, seen, s, class_texts):
    """What concept_discovery.ipynb and generate_adversarial_images.py add up, with labels by their coder of facet's dictionary of unit rows."""
    rows = unit(texts - texts.mean(0))
    found = coder(rows, transform_n_nonzero_coefs=TERMS).transform(unit(u))
    named = {str(p): [(int(j), float(found[p, j]), WORDS[j]) for j in np.flatnonzero(found[p])] for p in range(len(u))}
    # signs of directions, as compute_pcas.py has them
    centred = (s - s.mean(0)).reshape(N, -1)
    far = np.argsort(np.abs(centred), axis=0)[-RANK:]
    sign = np.where((np.take_along_axis(centred, far, 0) > 0).sum(0) >= RANK // 2, 1, -1)  # of ties facet takes +, and theirs what LAPACK left
    signed = {k: [(j, c * sign[int(k)], t) for j, c, t in v] for k, v in named.items()}
    length = np.linalg.norm(u, axis=1)
    norms = np.abs(centred) * length
    own = np.abs((seen - s.mean(0)).reshape(-1)) * length
    room = {"np": np, "components_centered_norm": own[None], "all_norms_sorted": np.sort(norms, 0)[-RANK], "current_loaded_dict": signed, "image_index": 0, "print": lambda *a: None}
    cell, = (c for c in json.loads((lens / "concept_discovery.ipynb").read_text())["cells"] if "".join(c["source"]).startswith("indices ="))
    exec("".join(cell["source"]), room)
    got = run("discover", "scenes:single?n=1&seed=77", "--atlas", "atlas", "--bank", "words.txt", "--terms", TERMS, "--strongest", M * C, "--top", len(WORDS), "--compat", "reference")
    print(f"{'second_order_lens concept_discovery.ipynb, pairs of note':95} {got['notable']} and {len(room['indices'])}")
    their = dict(room["all_words"])
    compare("    its sums by word", [w["amount"] for w in got["words"]], [their[w["text"]] for w in got["words"]], 1e-3)
    a, b = class_texts
    room = {"np": np, "pcas": unit(u), "class_embeddings_direction": a - b, "loaded_dict": named, "all_words": [], "args": types.SimpleNamespace(neurons_num=20)}
    statements(lens / "generate_adversarial_images.py", "main", room, lambda n: assigns("max_directions", "most_significant_neurons")(n) or
               isinstance(n, ast.For) and "most_significant_neurons" in ast.unparse(n.iter))
    got = run("confuse", "a cat", "a dog", "--bank", "words.txt", "--terms", TERMS, "--top", len(WORDS))
    order = room["most_significant_neurons"][::-1][:20]
    same("second_order_lens generate_adversarial_images.py, the 20 pairs", [p["head"] * C + p["neuron"] for p in got["pairs"]], order.tolist())
    compare("    their products", [p["product"] for p in got["pairs"]], room["max_directions"][order], 1e-4)
    total = {}
    for v, t in room["all_words"]:
        total[t] = total.get(t, 0) + v
    compare("    sums of its products by word", [w["amount"] for w in got["words"]], [total[w["text"]] for w in got["words"]], 1e-3)


def notable(s, kept, u, embeddings):
    """What compute_ablations.py does image by image, on pairs, in batches of 10 images."""
    rows = run("ablate", "atlas", "--means", "means", "--notable", "--classes", CLASSES)["notable"]
    mean = s.mean(0)[:, None] * u
    norms = np.sort(np.abs(s - s.mean(0)) * np.linalg.norm(u, axis=1), 0)[-RANK:].T
    without = {"representation_wo_sig": [], "representation_wo_insig": []}
    for i in range(0, N, 10):
        at = kept[i:i + 10, :, None] * u - mean
        held = embeddings[i:i + 10] - at.sum(1)
        room = {"np": np, "norms": norms, "pcas": np.zeros_like(mean), "image": np.zeros((10, 1)), "mlp_results_mean_ablated": at, "mlp_results_norm": np.linalg.norm(at, axis=-1),
                "representation_wo_sig": held.copy(), "representation_wo_insig": held.copy(), "representation_pc": held.copy()}
        statements(lens / "compute_ablations.py", "main", room, lambda n: isinstance(n, ast.For) and ast.unparse(n.target) == "batch")
        for k, v in without.items():
            v.append(room[k])
    cosines = [(unit(np.concatenate(v)) * unit(embeddings)).sum(1).mean() for v in without.values()]
    ours = {r["held"]: r["cosine"] for r in rows}
    compare("second_order_lens compute_ablations.py, mean cosine without pairs of note, and without others", [ours["notable"], ours["others"]], cosines, 1e-3)


@torch.no_grad()
def main():
    global M, C, D, d
    (work / "words.txt").write_text("\n".join(WORDS) + "\n")
    (work / "two.txt").write_text("a cat\na dog\n")
    for atlas, scenes in ("atlas", SCENES), ("means", MEANS):
        if not (work / atlas / "atlas.json").exists():
            run("scan", scenes, "--keep-scalars", "-o", atlas, out=False)
    run("trace", MEANS, "--what", "scalars", "-o", "means.npy", out=False)
    run("trace", SCENES, "--what", "scalars", "-o", "scalars.npy", out=False)
    run("trace", "scenes:single?n=1&seed=77", "--what", "scalars", "-o", "seen.npy", out=False)
    run("embed", SCENES, "-o", "images.npy", out=False)
    run("embed", "--texts", "words.txt", "-o", "texts.npy", out=False)
    run("embed", "--texts", "two.txt", "-o", "two.npy", out=False)
    s, embeddings, texts, two = (np.load(work / f"{n}.npy").astype(np.float32) for n in ("scalars", "images", "texts", "two"))
    texts, two = unit(texts), unit(two)
    M, C = s.shape[1:]
    D, d = texts.shape[1], C // M
    w = load_file(checkpoint)
    wo, wv = (w[f"visual.attnpool.{n}_proj.weight"].astype(np.float32) for n in "cv")
    u = np.einsum("omd,mdc->mco", wo.reshape(D, M, d), wv.reshape(M, d, C))
    parts = s[..., None] * u  # [N,M,C,D]
    spans(parts, texts)
    attributed(np.load(work / "atlas" / "scalars.npy").astype(np.float32)[..., None] * u, embeddings, texts)
    some = np.random.default_rng(5).choice(M * C, 400, replace=False)
    flat = u.reshape(-1, D)
    pcas(parts.reshape(N, -1, D)[:, some], flat[some])
    coder = labels(some.tolist(), texts, ties(s)[some])
    words(coder, flat, texts, np.load(work / "seen.npy")[0], s, two)
    notable(np.load(work / "means.npy").astype(np.float32).reshape(N, -1), np.load(work / "atlas" / "scalars.npy").astype(np.float32).reshape(N, -1), flat, embeddings)
    if failed:
        sys.exit(f"different: {', '.join(failed)}")


main()
