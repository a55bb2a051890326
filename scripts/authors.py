"""Runs the paper's own code beside facet on a model of random weights, and compares what both give.

    git clone https://github.com/edmundbu/clip-neur-attn-decomposition paper
    git clone https://github.com/yossigandelsman/clip_prs prs
    python3 -m venv venv; venv/bin/pip install torch torchvision einops ftfy regex scikit-learn scikit-image matplotlib pillow
    venv/bin/python scripts/authors.py bin/facet paper prs WORK

WORK is an empty folder. Functions are imported from the clones and called as they are. What stands in the way of that is put right from outside: mmseg is
replaced by empty classes, and so are the modules that draw and that load published weights, "cuda" by the processor, and the segmentor's custom_means, which its code never sets, is None. It exits with 1 when something
differs by more than 1e-5 of its largest value.
"""
import itertools
import json
import pathlib
import subprocess
import sys
import types

import numpy as np
import torch
from PIL import Image

facet, paper, prs, work = (pathlib.Path(a).resolve() for a in sys.argv[1:5])
work.mkdir(parents=True, exist_ok=True)
for name in ("mmseg", "mmseg.models", "mmseg.models.segmentors", "mmseg.models.data_preprocessor", "mmengine", "mmengine.structures", "mmseg.registry"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["mmseg.models.segmentors"].BaseSegmentor = torch.nn.Module
sys.modules["mmseg.models.data_preprocessor"].SegDataPreProcessor = sys.modules["mmengine.structures"].PixelData = object
sys.modules["mmseg.registry"].MODELS = types.SimpleNamespace(register_module=lambda: lambda c: c)
for name, functions in {"utils.visualization": ["visualize_grid"], "utils.factory": ["create_model_and_transforms", "get_tokenizer"]}.items():
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(dict.fromkeys(functions))
sys.path.insert(0, str(paper))
import hook_collect  # noqa: E402
import segment_utils  # noqa: E402

segment_utils.denorm_for_display = None  # which clip_segmentor imports, and which is not there
from utils.hook import HookManager  # noqa: E402
from utils.modified_resnet import ModifiedResNet  # noqa: E402

SIDE, WIDTH, BLOCKS, EMBED, WORDS, PAIRS = 96, 16, (1, 1, 1, 3), 32, ["a", "b", "cat", "dog"], 300
failed = []


def model():
    """Their image tower, and a text tower of OpenAI's names."""
    torch.manual_seed(7)
    net = types.SimpleNamespace(hook_manager=HookManager())
    net.visual = ModifiedResNet(BLOCKS, EMBED, WIDTH * 32 // 64, SIDE, WIDTH, hook=net.hook_manager.fork("visual")).eval()
    net.encode_image = net.visual
    with torch.no_grad():
        for name, p in net.visual.named_parameters():
            if "bn" in name or "downsample.1" in name:
                p.normal_(0.6, 0.1) if name.endswith("weight") else p.normal_(0, 0.1)
    state = {"visual." + k: v for k, v in net.visual.state_dict().items() if not k.endswith("num_batches_tracked")}
    w = 64
    shapes = {"positional_embedding": (77, w), "text_projection": (w, EMBED), "token_embedding.weight": (49408, w), "ln_final.weight": (w,), "ln_final.bias": (w,)}
    block = "transformer.resblocks.0."
    shapes |= {block + k: s for k, s in {
        "attn.in_proj_weight": (3 * w, w), "attn.in_proj_bias": (3 * w,), "attn.out_proj.weight": (w, w), "attn.out_proj.bias": (w,), "ln_1.weight": (w,), "ln_1.bias": (w,),
        "mlp.c_fc.weight": (4 * w, w), "mlp.c_fc.bias": (4 * w,), "mlp.c_proj.weight": (w, 4 * w), "mlp.c_proj.bias": (w,), "ln_2.weight": (w,), "ln_2.bias": (w,)}.items()}
    state |= {k: torch.randn(s) / w ** 0.5 + ("ln" in k and k.endswith("weight")) for k, s in shapes.items()} | {"logit_scale": torch.tensor(4.6)}
    torch.save(state, work / "model.pt")
    return net


def run(*args):
    subprocess.run([str(facet), *map(str, args), "--model", str(work / "model.pt"), "--vocab", str(paper / "utils/vocab/bpe_simple_vocab_16e6.txt.gz"), "--activation", "quickgelu"],
                   check=True, stdout=subprocess.DEVNULL)


def compare(what, ours, theirs):
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    off = np.abs(ours - theirs).max() / np.abs(theirs).max()
    print(f"{what:70} {off:.1e}")
    if not off < 1e-5:
        failed.append(what)


def segmentor(net, neurons, heads):
    """Their CLIPForSegmentation, without its __init__, which asks for mmseg and for weights by name."""
    import clip_segmentor
    s = object.__new__(clip_segmentor.CLIPForSegmentation)
    torch.nn.Module.__init__(s)
    net.visual.attnpool.forward_mode = "per_head"
    s.__dict__.update(net=net, use_self_self=False, custom_means=None, num_classes=len(WORDS), conv_map_idx=neurons, sim_map_idx=heads)
    s.conv_map_hook = hook_collect.hook_register_conv_maps(net, embed_dim=WIDTH * 32)
    s.cls_map_hook = hook_collect.hook_register_tokens(net, mode="cls_spatial", collapse_heads=False)
    texts = torch.from_numpy(np.load(work / "texts.npy"))
    texts = texts / texts.norm(dim=-1, keepdim=True)
    texts = texts - texts.mean(0)
    s.query_features = texts / texts.norm(dim=-1, keepdim=True)
    pool = net.visual.attnpool
    M, d = pool.num_heads, WIDTH * 32 // pool.num_heads
    u = torch.einsum("omd,mdc->mco", pool.c_proj.weight.reshape(EMBED, M, d), pool.v_proj.weight.reshape(M, d, -1))
    segment_utils.torch = types.SimpleNamespace(**{**vars(torch), "empty": lambda *a, device=None, **k: torch.empty(*a, **k)})
    _, s.cached_heads, s.cached_neurons = segment_utils.get_topk_nh_pairs(u / u.norm(dim=-1, keepdim=True), s.query_features, k=PAIRS)
    return s


def pixels(photo):
    mean, deviation = [torch.tensor(v).reshape(3, 1, 1) for v in ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))]
    return ((torch.from_numpy(photo).permute(2, 0, 1) / 255 - mean) / deviation)[None]


def maps(net, photo):
    """conv_map_idx and sim_map_idx of clip_segmentor.py: blocks of the last stage, counted from 0."""
    (work / "words.txt").write_text("\n".join(WORDS) + "\n")
    (work / "templates.txt").write_text("{}\n")
    run("embed", "--texts", work / "words.txt", "-o", work / "texts.npy")
    J = BLOCKS[-1]
    for neurons, heads in itertools.product(range(J), repeat=2):
        want = segmentor(net, neurons, heads).forward_feature(pixels(photo))[0].numpy()
        out = work / f"maps-{neurons}-{heads}"
        run("segment", work / "photo.png", "--classes", ", ".join(WORDS), "--method", "nap", "--sink", "published", "--templates", work / "templates.txt", "--pairs", PAIRS,
            "--neurons-back", J - 1 - neurons, "--heads-back", J - 1 - heads, "--save-logits", "-o", out)
        got = np.stack([np.load(next(out.glob(f"photo.maps/{i:03}-*.npy"))) for i in range(len(WORDS))])
        compare(f"clip_segmentor.py, conv_map_idx {neurons}, sim_map_idx {heads}", got, want)


def lenses(net, photo):
    """collection.py neurons+heads_lens: contributions of every block, pooled as the last."""
    hook = hook_collect.hook_register_conv_maps(net, WIDTH * 32)
    net.visual.attnpool.forward_mode = "skip"
    net.encode_image(pixels(photo))
    blocks = hook.get_out_mat()
    net.visual.attnpool.forward_mode = "per_head_per_neuron"
    collected = hook_collect.hook_register_neurons_heads(net)
    run("trace", work / "photo.png", "--what", "earlier", "-o", work / "earlier.npy")
    scalars = np.load(work / "earlier.npy")[0]  # [J,M,C]
    pool = net.visual.attnpool
    M, C = scalars.shape[1:]
    d = C // M
    wo = pool.c_proj.weight.reshape(EMBED, M, d).numpy()
    u = np.einsum("omd,mdc->moc", wo, pool.v_proj.weight.reshape(M, d, C).numpy())
    bias = np.einsum("omd,md->mo", wo, pool.v_proj.bias.reshape(M, d).numpy())[:, :, None] / C + pool.c_proj.bias.numpy()[None, :, None] / (M * C)
    for j, block in enumerate(blocks):
        net.visual.attnpool(block)
        compare(f"collection.py neurons+heads_lens, lens_idx {j}", scalars[j][:, None] * u + bias, collected.get_out_mat(as_np=True)[0])


def lengths(net, photo):
    """collection.py layer4, for one picture. It has the class token of a block infinitely long, facet as long as the mean of the places."""
    conv_maps = hook_collect.hook_register_conv_maps(net, WIDTH * 32)
    net.visual.attnpool.forward_mode = "skip"
    net.encode_image(pixels(photo))
    blocks = conv_maps.get_out_mat()
    run("trace", work / "photo.png", "--what", "lengths", "-o", work / "lengths.npy")
    got = np.load(work / "lengths.npy")[0]  # [2,J,K+1]
    net.visual.attnpool.forward_mode = "per_head"
    hook = hook_collect.hook_register_tokens(net, mode="cls_spatial", collapse_heads=True)
    for j, block in enumerate(blocks):
        compare(f"collection.py layer4, lengths of block {j}", got[0, j, 1:], block.flatten(2)[0].norm(dim=0))
        net.visual.attnpool(block)
        compare(f"collection.py layer4, lengths of what block {j} writes", got[1, j], hook.get_out_mat()[0].norm(dim=-1))


def foreground():
    """The counts and the average precision of clip_prs, on the maps that facet's test has."""
    for name in list(sys.modules):
        if name == "utils" or name.startswith("utils."):
            del sys.modules[name]
    sys.path.insert(0, str(prs))
    from utils.segmentation_utils import batch_intersection_union, batch_pix_accuracy, get_ap_scores
    data = pathlib.Path(__file__).resolve().parent.parent / "segment" / "testdata"
    logits = np.array(json.loads((data / "truth.json").read_text())["logits"], np.float32).reshape(3, 45, 75)
    y, x = np.mgrid[:45, :75]
    target = torch.from_numpy((((x - 40) ** 2 + (y - 20) ** 2 < 260) | ((x + 2 * y) % 11 == 0)).astype(np.int64))
    for case in json.loads((data / "foreground.json").read_text()):
        res = torch.from_numpy(logits[case["map"]] - logits.mean(0))[None, None]
        res = torch.clip(res, 0, res.max()) if case["threshold"] == 0 else res
        res = (res - res.min()) / (res.max() - res.min())
        ret = res.mean() if case["threshold"] == 0 else case["threshold"]
        both = torch.cat((res.le(ret).float(), res.gt(ret).float()), 1)
        inter, union = batch_intersection_union(both[0], target, 2)
        correct, _ = batch_pix_accuracy(both[0], target)
        ap = get_ap_scores(torch.cat((1 - res, res), 1), target[None])[0]
        compare(f"clip_prs segmentation_utils.py, map {case['map']}, threshold {case['threshold']}",
                [case["correct"], *case["inter"], *case["union"], 1e4 * case["ap"]], [correct, *inter, *union, 1e4 * ap])


@torch.no_grad()
def main():
    net = model()
    photo = np.random.default_rng(3).integers(0, 256, (6, 6, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    Image.fromarray(photo).save(work / "photo.png")
    maps(net, photo)
    lenses(model(), photo)
    lengths(model(), photo)
    foreground()
    if failed:
        sys.exit(f"different: {', '.join(failed)}")


main()
