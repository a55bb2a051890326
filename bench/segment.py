"""Segmentation logits of one window of RN50x16 (59 classes, 20,000 neuron–head pairs each): facet against the gather formulation in PyTorch.

    python3 bench/segment.py          from the repository's root; needs Go and PyTorch

Both begin with what the image tower gives: the trunk's tokens z, the attention a of the class query and the values v of all tokens. The
peer follows the published formula step by step: the contribution of every token through every head, of unit length; its cosine with every class;
then, for each class, the cosines of its pairs' heads and the activations of its pairs' neurons are gathered, multiplied and averaged. Two forms are
timed: `gather` does one class after the other, `gather-all` all classes at once. Of nine timings each, after one
that does not count, the median counts.
"""
import json
import re
import resource
import statistics
import subprocess
import sys
import time

import torch
from torch.nn import functional as F

P, PAIRS, M, C, D, GRID = 59, 20_000, 48, 3072, 768, 12
N, d = GRID * GRID + 1, C // M


def facet():
    """Median of seconds, and bytes allocated, of one window, by the repository's own benchmark."""
    out = subprocess.run(["go", "test", "-run", "NONE", "-bench", "Logits$", "-benchtime", "5x", "-count", "10", "./segment"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"BenchmarkLogits\S*\s+\d+\s+([\d.]+) ns/op\s+(\d+) B/op", out)
    if not found:
        sys.exit("no result in the output of go test:\n" + out)
    return statistics.median(float(ns) for ns, _ in found[1:]) / 1e9, int(found[-1][1])


def similarities(a, v, wo, bo, text):
    """cos(r_i^h, t) of every token, head and class [N,P,M]."""
    r = torch.einsum("mn,nmd,omd->nmo", a, v, wo) + bo / (N * M)
    return torch.einsum("nmo,po->npm", F.normalize(r, dim=-1), text)


def gather(z, sim, heads, neurons):
    return torch.stack([(z[:, neurons[p]] * sim[:, p][:, heads[p]]).mean(-1) for p in range(P)])


def gather_all(z, sim, heads, neurons):
    return (z[:, neurons] * torch.gather(sim, 2, heads.expand(N, -1, -1))).mean(-1).t()


def peer(form):
    """Runs in a process of its own, so that its peak of memory is its own."""
    torch.manual_seed(0)
    torch.set_num_threads(2)
    z, v, a = torch.rand(N, C), torch.randn(N, M, d), torch.rand(M, N).softmax(-1)
    wo, bo = torch.randn(D, M, d) / C ** 0.5, torch.randn(D)
    text = F.normalize(torch.randn(P, D), dim=-1)
    pairs = torch.stack([torch.randperm(M * C)[:PAIRS].sort().values for _ in range(P)])
    heads, neurons = pairs // C, pairs % C
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        {"gather": gather, "gather-all": gather_all}[form](z, similarities(a, v, wo, bo, text), heads, neurons)
        seconds.append(time.perf_counter() - start)
    print(json.dumps([statistics.median(seconds[1:]), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024]))


def main():
    ours, memory = facet()
    print(f"facet       {1000 * ours:8.1f} ms   {memory / 1e6:8.1f} MB allocated")
    for form in ("gather", "gather-all"):
        run = subprocess.run([sys.executable, __file__, form], capture_output=True, text=True, check=True)
        theirs, peak = json.loads(run.stdout)
        print(f"{form:11} {1000 * theirs:8.1f} ms   {peak / 1e6:8.1f} MB at the peak      {theirs / ours:6.1f} × the time, {peak / memory:6.1f} × the memory")


if __name__ == "__main__":
    with torch.no_grad():
        peer(sys.argv[1]) if len(sys.argv) > 1 else main()
