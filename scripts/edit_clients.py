"""Load models that facet edit wrote with the clients they are written for, at RN50's full size, and compare embeddings.

    python3 -m venv venv
    venv/bin/pip install torch open_clip_torch clip-anytorch timm safetensors "setuptools<80"
    venv/bin/python scripts/edit_clients.py ORACLE bin/facet WORK

ORACLE is the folder of make_checkpoint.py, which makes an RN50 of random weights in float32 and as OpenAI's archive; WORK is an empty folder for some
gigabytes. clip-anytorch is OpenAI's package as PyPI has it, with clip.load opening a file by its path. The package openai-clip is not used: its clip.load reads a
file to the end with torch.jit.load and then gives torch.load the rest, so it fails with EOFError for every state dict, whoever saved it.

It exits with 1 when an embedding is off. Two figures are printed: the length of the difference over the embedding's length, and the largest difference of one
number when both embeddings have length 1. In float32 the second may be 2e-6, and the first twice what PyTorch's own float32 is from its float64 on the same
pictures. Where clip.load rounds to float16, both may be 2e-3.
"""
import json
import pathlib
import subprocess
import sys
import warnings

import numpy
import torch

warnings.filterwarnings("ignore")
oracle, facet, work = (pathlib.Path(a).resolve() for a in sys.argv[1:4])
work.mkdir(parents=True, exist_ok=True)
failed = []


def run(*args, cwd=work):
    subprocess.run([str(a) for a in args], cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def off(a, b):
    """The largest ‖difference‖/‖embedding‖ of rows."""
    a, b = numpy.asarray(a, numpy.float64), numpy.asarray(b, numpy.float64)
    return (numpy.linalg.norm(a - b, axis=1) / numpy.linalg.norm(b, axis=1)).max()


def unit(x):
    x = numpy.asarray(x, numpy.float64)
    return x / numpy.linalg.norm(x, axis=1, keepdims=True)


def check(what, a, b, most):
    r, number = off(a, b), numpy.abs(unit(a) - unit(b)).max()
    single = 2e-6 if most < 1e-3 else most
    good = r <= most and number <= single
    print(f"{what:74} {r:.1e} {number:.1e}" + ("" if good else f"   expected at most {most:.0e} and {single:.0e}"), flush=True)
    if not good:
        failed.append(what)


def inputs():
    """Pictures for an atlas, pixels that every client is given as they are, and tokens of texts."""
    r = numpy.random.default_rng(1)
    from PIL import Image
    for label in ("a", "b"):
        (work / "pictures" / label).mkdir(parents=True, exist_ok=True)
        for i in range(6):
            rough = r.integers(0, 256, (7, 7, 3)).astype(numpy.uint8)
            Image.fromarray(rough).resize((224, 224), Image.BICUBIC).save(work / "pictures" / label / f"{i}.png")
    pictures = [numpy.asarray(Image.open(work / "pictures" / "a" / f"{i}.png"), numpy.float32) / 255 for i in range(4)]
    pixels = (numpy.stack(pictures) - [0.48145466, 0.4578275, 0.40821073]) / [0.26862954, 0.26130258, 0.27577711]
    pixels = numpy.ascontiguousarray(pixels.transpose(0, 3, 1, 2)).astype(numpy.float32)
    numpy.save(work / "pixels.npy", pixels)
    tokens = torch.zeros(3, 77, dtype=torch.long)
    for i, n in enumerate((5, 12, 76)):
        tokens[i, 0], tokens[i, n] = 49406, 49407
        tokens[i, 1:n] = torch.tensor(r.integers(300, 49000, n - 1))
    return torch.tensor(pixels), tokens


def facet_embeds(model):
    run(facet, "embed", "--pixels", "pixels.npy", "--model", model, "--activation", "quickgelu", "-o", "out.npy")
    return numpy.load(work / "out.npy")


def sources():
    make = [sys.executable, oracle / "make_checkpoint.py", "RN50", "--seed", 0]
    for name, form in (("rn50.safetensors", "safetensors"), ("rn50-openai.pt", "openai-jit")):
        if not (work / name).exists():
            run(*make, "--format", form, "-o", work / name, cwd=oracle)
        if not (work / (name + ".atlas")).exists():
            run(facet, "scan", "pictures", "--model", name, "-o", name + ".atlas", "--keep-scalars")
    r = numpy.random.default_rng(2)
    pairs = [{"neuron": int(n), "head": int(h)} for n, h in zip(r.integers(0, 2048, 3000), r.integers(0, 32, 3000))]
    (work / "pairs.json").write_text(json.dumps(pairs))


def edit(source, out, *more):
    if not (work / out).exists():
        run(facet, "edit", "--model", source, "--means", source + ".atlas", "--pairs", "pairs.json", "--heads", "3",
            "--scale", "0", "--erase-label", "label", "-o", out, *more)
    record = work / out / "edit.json" if (work / out).is_dir() else work / (out + ".edit.json")
    for x in json.loads(record.read_text())["residuals"]:
        print(f"    {out}: {x['as']}: at most {x['largest']:.1e} from the prediction")


@torch.no_grad()
def main():
    pixels, tokens = inputs()
    sources()
    plain = facet_embeds("rn50.safetensors")

    import open_clip
    edit("rn50.safetensors", "folder")
    ours = facet_embeds("folder/open_clip_model.safetensors")
    print(f"the edit moves embeddings by up to {off(ours, plain):.2f} of their length")
    m, _, _ = open_clip.create_model_and_transforms("local-dir:" + str(work / "folder"))
    m.eval()
    embedded, right = m.encode_image(pixels), m.encode_text(tokens)
    own = off(embedded, m.double().encode_image(pixels.double()))
    print(f"PyTorch's float32 is {own:.1e} from its float64 on these pictures")
    single = max(2e-6, 2 * own)
    check("open_clip, local-dir:folder", embedded, ours, single)

    edit("rn50.safetensors", "file.safetensors")
    m, _, _ = open_clip.create_model_and_transforms("RN50-quickgelu", pretrained=str(work / "file.safetensors"))
    m.eval()
    check("open_clip, RN50-quickgelu, pretrained=file.safetensors", m.encode_image(pixels), ours, single)
    check("  its texts, against local-dir:'s", m.encode_text(tokens), right, 2e-6)

    edit("rn50.safetensors", "file.pt")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        m, _, _ = open_clip.create_model_and_transforms("RN50", pretrained=str(work / "file.pt"))
    m.eval()
    check("open_clip, RN50, pretrained=file.pt", m.encode_image(pixels), ours, single)
    wrong = off(m.encode_text(tokens), right)
    words = [str(w.message) for w in told if "gelu" in str(w.message).lower()]
    print(f"  the trap: its texts are {wrong:.1e} off, since RN50 alone means GELU there; warnings that say so: {len(words)}")
    if not wrong > 1e-3:
        failed.append("the QuickGELU trap is no more: docs/guide/edit.md says it is")

    import clip
    for source, out in (("rn50.safetensors", "file.pt"), ("rn50-openai.pt", "openai.pt")):
        edit(source, out)
        m, _ = clip.load(str(work / out), device="cpu")
        m.eval()
        check(f"clip.load({out}), which rounds to float16", m.encode_image(pixels), facet_embeds(out), 2e-3)
        texts = right if out == "file.pt" else clip.load(str(work / source), device="cpu")[0].eval().encode_text(tokens)
        check("  its texts, which the edit leaves", m.encode_text(tokens), texts, 2e-3)

    import timm
    edit("rn50.safetensors", "timm.safetensors", "--timm")
    m = timm.create_model("resnet50_clip.openai", pretrained=False, checkpoint_path=str(work / "timm.safetensors"))
    m.eval()
    check("timm, resnet50_clip, checkpoint_path=timm.safetensors", m(pixels), ours, single)

    edit("rn50.safetensors", "half.safetensors", "--dtype", "float16")
    check("facet, stored as float16, against float32", facet_embeds("half.safetensors"), ours, 2e-3)

    for out, source in (("folder", "rn50.safetensors"), ("openai.pt", "rn50-openai.pt")):
        run(facet, "edit", "--undo", out, "-o", "back")
        same = (work / "back").read_bytes() == (work / source).read_bytes()
        print(f"facet edit --undo {out}: {'the same bytes as' if same else 'NOT'} {source}")
        if not same:
            failed.append("undo of " + out)
    if failed:
        sys.exit("off: " + "; ".join(failed))


main()
