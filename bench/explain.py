"""Times one picture and one short text of a full-size model from process start: facet, and OpenAI's clip on PyTorch.

    python3 bench/explain.py CHECKPOINT.pt VOCABULARY IMAGE FACET[:ENGINE] ... [--rounds 5]

CHECKPOINT is an archive as OpenAI publishes them, for both. Each FACET is a binary, with an engine when it is not to choose for itself. All take turns;
the medians of wall time, processor time (user and system) and peak memory are printed, and each wall time over that of OpenAI's clip. Python
needs torch, Pillow and the package openai-clip.
"""
import os
import statistics
import subprocess
import sys
import time

PEER = """
import sys, types
import packaging.version
sys.modules.setdefault("pkg_resources", types.SimpleNamespace(packaging=packaging))  # of setuptools, which has dropped it
import clip, torch
from PIL import Image
model, preprocess = clip.load(sys.argv[1], device="cpu")
with torch.no_grad():
    image, text = preprocess(Image.open(sys.argv[2])).unsqueeze(0), clip.tokenize(["a bird"])
    print(float(model(image, text)[0]))
"""


def timed(command):
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed")
    return time.perf_counter() - started, used.ru_utime, used.ru_stime, used.ru_maxrss / 1024


def main(checkpoint, vocabulary, image, *facets, rounds):
    commands = {"openai clip": [sys.executable, "-W", "ignore", "-c", PEER, checkpoint, image]}
    for spec in facets:
        binary, _, engine = spec.partition(":")
        commands[spec] = [binary, "explain", image, "--text", "a bird", "--model", checkpoint, "--vocab", vocabulary, "--engine", engine or "auto"]
    runs = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            runs[name].append(timed(command))
    median = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in runs.items()}
    print(f"{'':40} {'wall s':>7} {'user s':>7} {'sys s':>7} {'MB':>6} {'/ clip: wall':>12} {'cpu':>6}")
    peer = median["openai clip"]
    for name, (wall, user, system, memory) in median.items():
        print(f"{name:40} {wall:7.2f} {user:7.2f} {system:7.2f} {memory:6.0f} {wall / peer[0]:12.2f} {(user + system) / (peer[1] + peer[2]):6.2f}")


if __name__ == "__main__":
    arguments, rounds = sys.argv[1:], 5
    if "--rounds" in arguments:
        at = arguments.index("--rounds")
        rounds = int(arguments[at + 1])
        del arguments[at:at + 2]
    if len(arguments) < 4:
        sys.exit(__doc__)
    main(*arguments, rounds=rounds)
