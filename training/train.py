"""Trains facet's demo model on rendered scenes. See README.md beside this file for the commands.

One call is one stage: it trains at the size of the pictures in --data, starting from --init (or from nothing),
and leaves a checkpoint. Called again after an interruption it goes on where it stopped.
"""

import argparse
import csv
import json
import math
import os
import random
import struct
import time

import numpy as np
import torch
import torch.nn.functional as F

from model import CLIP, Config
from tokens import Tokenizer

MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1) * 255
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1) * 255


class Scenes:
    """A folder written by `facet scenes --layout npy`: pictures, captions and what is in them."""

    def __init__(self, folder):
        self.images = np.load(os.path.join(folder, "images.npy"), mmap_mode="r")  # [N,S,S,3]
        with open(os.path.join(folder, "world.json"), encoding="utf-8") as f:
            self.words = json.load(f)
        index = lambda kind: {w["name"]: i for i, w in enumerate(self.words[kind])}
        category, colour, pattern, ground = map(index, ("categories", "colours", "patterns", "backgrounds"))
        n = len(self.images)
        self.captions, self.count, self.main = [], np.zeros(n, int), np.zeros(n, int)
        # How much of each kind's attention goes to each name; rows sum to one. [N,names]
        self.category, self.colour = np.zeros((n, len(category)), "f4"), np.zeros((n, len(colour)), "f4")
        self.pattern, self.ground = np.zeros((n, len(pattern)), "f4"), np.zeros((n, len(ground)), "f4")
        with open(os.path.join(folder, "captions.jsonl"), encoding="utf-8") as lines:
            for i, line in enumerate(lines):
                r = json.loads(line)
                self.captions.append([r["full"], *r["captions"]])
                self.count[i], self.main[i] = len(r["objects"]), category[r["objects"][0]["category"]]
                self.ground[i, ground[r["background"]]] = 1
                for o in r["objects"]:
                    self.category[i, category[o["category"]]] += 1
                    self.colour[i, colour[o["colour"]]] += 1
                    self.pattern[i, pattern[o["pattern"]]] += 1
                    if "print" in o:
                        self.category[i, category[o["print"]]] += 0.3
        for target in (self.category, self.colour, self.pattern, self.ground):
            target /= target.sum(1, keepdims=True)

    def __len__(self):
        return len(self.images)

    def pixels(self, indices, flip=None):
        x = torch.from_numpy(self.images[indices]).permute(0, 3, 1, 2).float()  # channels last in memory
        x = (x - MEAN) / STD
        if flip is not None:
            x[flip] = x[flip].flip(-1)
        return x.contiguous(memory_format=torch.channels_last)


class Names:
    """Captions that name one thing: "a photo of a van", "something red", "something on sand"."""

    def __init__(self, words, dice):
        self.words, self.dice = words, dice

    def draw(self):
        """A caption for each category, colour, pattern and background, in this order."""
        d, w = self.dice, self.words
        synonym = lambda word: word["name"] if d.random() < 0.5 else d.choice(word["synonyms"])
        say = lambda prompts, text: d.choice(w[prompts]).replace("{}", text)
        return (
            [say("noun_prompts", noun(synonym(c))) for c in w["categories"]]
            + [say("paint_prompts", synonym(c)) for c in w["colours"]]
            + [say("paint_prompts", synonym(p)) for p in w["patterns"]]
            + [say("ground_prompts", d.choice(b["places"])) for b in w["backgrounds"]]
        )


def noun(text):
    return ("an " if text[0] in "aeiou" else "a ") + text


def loss_of(model, scenes, names, tokenizer, batch, dice):
    """CLIP's loss between pictures and captions, and the cross entropy of pictures over captions that name one thing."""
    indices = np.sort(batch)
    flip = torch.tensor([dice.random() < 0.5 for _ in indices])
    captions = [dice.choice(scenes.captions[i]) for i in indices]
    single = names.draw()
    with torch.autocast("cpu", torch.bfloat16):
        images = model.images(scenes.pixels(indices, flip))
        texts = model.texts(*tokenizer.batch(captions))
        singles = model.texts(*tokenizer.batch(single))
    scale = model.logit_scale.exp().clamp(max=100)
    logits = scale * images @ texts.t()  # [B,B]
    # The same caption may stand beside several pictures: it is right for each of them.
    first = {}
    ids = torch.tensor([first.setdefault(c, i) for i, c in enumerate(captions)])
    same = (ids[:, None] == ids[None]).float()
    loss = (soft(logits, same) + soft(logits.t(), same)) / 2
    logits, at = scale * images @ singles.t(), 0
    for weight, target in ((1.5, scenes.category), (0.3, scenes.colour), (0.1, scenes.pattern), (0.1, scenes.ground)):
        target = torch.from_numpy(target[indices])
        loss = loss + weight * soft(logits[:, at : at + target.shape[1]], target)
        at += target.shape[1]
    return loss


def soft(logits, target):
    return -(F.log_softmax(logits, -1) * target / target.sum(1, keepdim=True)).sum(1).mean()


@torch.no_grad()
def evaluate(model, scenes, tokenizer):
    """Zero-shot accuracies with prompts, of scenes with one object, and caption -> picture recall among 256."""
    model.eval()
    w = scenes.words
    images = torch.cat([model.images(scenes.pixels(np.arange(i, min(i + 100, len(scenes))))) for i in range(0, len(scenes), 100)])

    def head(phrases, prompts):
        """Each class by the mean of its filled-in prompts. [classes,D]"""
        rows = [F.normalize(model.texts(*tokenizer.batch([p.replace("{}", t) for p in w[prompts] for t in ts])).mean(0), dim=-1)
                for ts in phrases]
        return torch.stack(rows)

    nouns = head([[noun(c["name"])] for c in w["categories"]], "noun_prompts")
    paints = head([[c["name"]] for c in w["colours"]], "paint_prompts")
    grounds = head([b["places"] for b in w["backgrounds"]], "ground_prompts")
    one = torch.from_numpy(scenes.count == 1)
    main = torch.from_numpy(scenes.main)
    styles = [i for i, c in enumerate(w["categories"]) if c["name"] in w["body_styles"]]
    car = one & torch.tensor([m in styles for m in scenes.main])
    share = lambda right: 100 * right.float().mean().item()
    texts = torch.cat([model.texts(*tokenizer.batch([c[0] for c in scenes.captions[i : i + 256]])) for i in range(0, len(scenes), 256)])
    recall = [share((texts[i : i + 256] @ images[i : i + 256].t()).argmax(1) == torch.arange(256)) for i in range(0, len(scenes) - 255, 256)]
    model.train()
    return {
        "category": share((images @ nouns.t()).argmax(1)[one] == main[one]),
        "colour": share((images @ paints.t()).argmax(1)[one] == torch.from_numpy(scenes.colour.argmax(1))[one]),
        "ground": share((images @ grounds.t()).argmax(1) == torch.from_numpy(scenes.ground.argmax(1))),
        "style": share(torch.tensor(styles)[(images[car] @ nouns[styles].t()).argmax(1)] == main[car]),
        "recall": sum(recall) / len(recall),
    }


def save_fp16(model, path):
    """Safetensors with OpenAI's names; matrices in half precision, vectors in float32, as OpenAI's own files have them."""
    header, blobs, at = {"__metadata__": {"format": "pt"}}, [], 0
    for name, t in sorted(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        half = t.dim() > 1
        data = t.detach().contiguous().to(torch.float16 if half else torch.float32).numpy().tobytes()
        header[name] = {"dtype": "F16" if half else "F32", "shape": list(t.shape), "data_offsets": [at, at + len(data)]}
        blobs.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data", required=True, help="folder of `facet scenes --layout npy`")
    p.add_argument("--held-out", required=True, help="another, of the same size, to measure on")
    p.add_argument("--vocabulary", default="demo/vocabulary.txt")
    p.add_argument("--init", help="checkpoint of the stage before")
    p.add_argument("--out", required=True, help="checkpoint to write, and to go on from")
    p.add_argument("--curve", required=True, help="CSV to append to")
    p.add_argument("--safetensors", help="where to write the finished model")
    p.add_argument("--objects", type=int, default=4, help="learn from scenes with at most this many objects")
    p.add_argument("--soften", type=float, default=1, help="divide the attention's logits by this at the start")
    p.add_argument("--steps", type=int, required=True)
    p.add_argument("--batch", type=int, default=256)
    p.add_argument("--lr", type=float, nargs=2, default=(1.5e-3, 1e-5), metavar=("FROM", "TO"), help="cosine between them")
    p.add_argument("--warmup", type=int, default=200)
    p.add_argument("--every", type=int, default=500, help="steps between measurements and checkpoints")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()

    torch.set_num_threads(int(os.environ.get("THREADS", os.cpu_count())))
    torch.manual_seed(a.seed)
    tokenizer = Tokenizer(a.vocabulary)
    model = CLIP(Config(vocabulary=tokenizer.size)).to(memory_format=torch.channels_last)
    scenes, held_out = Scenes(a.data), Scenes(a.held_out)
    # Weight decay pulls at matrices only. Queries and keys learn at a tenth of the pace: at full pace every head soon looks at one
    # token alone, and learns no more where to look.
    params = list(model.parameters())
    gaze = [*model.visual.attnpool.q_proj.parameters(), *model.visual.attnpool.k_proj.parameters()]
    others = [q for q in params if not any(q is g for g in gaze)]
    optimiser = torch.optim.AdamW([
        {"params": [q for q in others if q.dim() > 1], "weight_decay": 0.05, "pace": 1.0},
        {"params": [q for q in others if q.dim() <= 1], "weight_decay": 0.0, "pace": 1.0},
        {"params": gaze, "weight_decay": 0.05, "pace": 0.1},
    ], betas=(0.9, 0.98), eps=1e-6)
    step, seen = 0, 0
    if os.path.exists(a.out):
        state = torch.load(a.out)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step, seen = state["step"], state["seen"]
    elif a.init:
        state = torch.load(a.init)
        model.load_state_dict(state["model"])
        seen = state["seen"]
        with torch.no_grad():
            for q in gaze:
                q /= a.soften**0.5

    def measure(loss, began):
        row = {"step": step, "seen": seen, "size": scenes.images.shape[1], "loss": round(loss, 4), "scale": round(model.logit_scale.exp().item(), 1),
               **{k: round(v, 1) for k, v in evaluate(model, held_out, tokenizer).items()}, "seconds": round(time.time() - began)}
        fresh = not os.path.exists(a.curve)
        with open(a.curve, "a", newline="") as f:
            out = csv.DictWriter(f, row)
            if fresh:
                out.writeheader()
            out.writerow(row)
        print(row, flush=True)
        torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "seen": seen}, a.out + ".tmp")
        os.replace(a.out + ".tmp", a.out)

    began, losses = time.time(), []
    simple = np.flatnonzero(scenes.count <= a.objects)
    while step < a.steps:
        dice = random.Random(a.seed * 1_000_003 + step)  # a step depends on its number alone, so resuming changes nothing
        epoch, place = divmod(step * a.batch, len(simple) - a.batch)
        order = np.random.default_rng([a.seed, epoch]).permutation(simple)
        t = min(1, step / a.warmup) if step < a.warmup else 0.5 + 0.5 * math.cos(math.pi * (step - a.warmup) / (a.steps - a.warmup))
        for group in optimiser.param_groups:
            group["lr"] = group["pace"] * (a.lr[1] + (a.lr[0] - a.lr[1]) * t)
        loss = loss_of(model, scenes, Names(scenes.words, dice), tokenizer, order[place : place + a.batch], dice)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimiser.step()
        step, seen = step + 1, seen + a.batch
        losses.append(loss.item())
        if step % 50 == 0:
            print(f"step {step}/{a.steps} loss {np.mean(losses[-50:]):.3f} {len(losses) * a.batch / (time.time() - began):.0f} images/s", flush=True)
        if step % a.every == 0 or step == a.steps:
            measure(float(np.mean(losses)), began)
            began, losses = time.time(), []
    if a.safetensors:
        save_fp16(model, a.safetensors)


if __name__ == "__main__":
    main()
