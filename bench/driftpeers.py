#!/usr/bin/env python3
"""Gives peers the runs that "go run ./bench/drift -part table -out FOLDER" wrote, and prints the table of all.

    python3 bench/driftpeers.py run FOLDER [part of a row's name]    goes on where it was interrupted
    python3 bench/driftpeers.py table FOLDER

pip install alibi-detect==0.13.0 evidently==0.7.23 torch. A run has 8 windows before the change and 50 after it. Every peer gets the same
embeddings as facet, image by image or window by window, and 1,000 images of the same reference.
"""
import hashlib
import json
import pathlib
import statistics
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np

CALM = 8 * 200  # images before the change
ERT = 4000  # images until a false alarm of the online detectors: 20 windows, as for 5 % a window
ONLINE = {"window_size": 50, "n_bootstraps": 10_000, "verbose": False}


def online(detector, stream, window, change):
    """(first alert after the change in windows or 0, whether there was one where nothing had changed)"""
    detector.reset_state()
    early = False
    for t, x in enumerate(stream):
        if not detector.predict(x, return_test_stat=False)["data"]["is_drift"]:
            continue
        if change and t >= CALM:
            return (t - CALM) // window + 1, early
        early = True
        if not change:
            return 0, True
        detector.reset_state()
    return 0, early


def windows(test, stream, window, change):
    """As online, of a test that sees a window at once."""
    early = False
    for w in range(len(stream) // window):
        if (early and (not change or w < CALM // window)) or not test(stream[w * window : (w + 1) * window]):
            continue
        if change and w >= CALM // window:
            return w - CALM // window + 1, early
        early = True
        if not change:
            return 0, True
    return 0, early


class Peers:
    def __init__(self, folder):
        self.folder = folder

    def detector(self, key, reference):
        """The online detector of one reference, that of the first seed, for all seeds: its thresholds take 10,000 simulated runs."""
        kept = self.folder / (hashlib.sha256(key.encode()).hexdigest()[:16] + ".detector")
        if kept.exists():
            return dill.loads(kept.read_bytes())
        np.random.seed(0)
        torch.manual_seed(0)
        out = MMDDriftOnline(reference, ert=ERT, backend="pytorch", **ONLINE)
        kept.write_bytes(dill.dumps(out))
        return out

    def run(self, run, pool, first):
        reference, stream = pool[run["Reference"]], pool[run["Stream"]]
        rest = stream, run["Window"], run["Change"]
        torch.manual_seed(run["Seed"])
        mmd = MMDDrift(reference[:200], backend="pytorch", p_val=0.05, n_permutations=100)
        key = json.dumps([run["Pool"], first["Reference"]])
        one = pool[first["Reference"]]
        frame = pd.DataFrame(reference)
        classifier = embedding_drift_methods.model()  # what evidently does if nothing else is asked for
        return {
            "alibi-detect MMD": windows(lambda x: mmd.predict(x)["data"]["is_drift"], *rest),
            "evidently": windows(lambda x: bool(classifier(pd.DataFrame(x), frame.copy())[1]), *rest),
            "alibi-detect online MMD": online(self.detector(key, one[:500]), *rest),
        }


def run_all(folder, only):
    peers, pools, first = Peers(folder), {}, {}
    for path in sorted(folder.glob("*.json"), key=lambda p: (int(p.stem.rsplit(".", 1)[1]), p.name)):
        run, to = json.loads(path.read_text()), path.with_suffix(".peers")
        key = json.dumps([run["Pool"], run["Name"]])
        first.setdefault(key, run)
        if to.exists() or only not in run["Name"]:
            continue
        if run["Pool"] not in pools:
            pools[run["Pool"]] = np.load(folder / (run["Pool"] + ".npy"))
        found = peers.run(run, pools[run["Pool"]], first[key])
        to.write_text(json.dumps(found))
        print(run["Name"], run["Seed"], found, flush=True)


def cell(runs, change):
    """Of (delay, early) of each run."""
    early = sum(e for _, e in runs)
    if not change:
        return f"{early}"
    delays = sorted(d for d, _ in runs if d)
    when = f": {statistics.median_low(delays)}, {delays[-1]}" if delays else ""
    return f"{len(delays)}{when} ({early})"


def table(folder):
    rows = {}
    for path in sorted(folder.glob("*.json")):
        run = json.loads(path.read_text())
        peers = path.with_suffix(".peers")
        rows.setdefault((run["Change"], run["Name"]), []).append((run, json.loads(peers.read_text()) if peers.exists() else {}))
    names = list(dict.fromkeys(n for runs in rows.values() for _, p in runs for n in p))
    print("|", " | ".join(["row", "seeds", "facet", "named rightly, wrongly, not", *names]), "|")
    print("|", "---|" * (len(names) + 4))
    for (change, name), runs in rows.items():
        own = cell([(r["Delay"], r["Early"]) for r, _ in runs], change)
        found = [r for r, _ in runs if r["Delay"]]
        right, unnamed = (sum(k) for k in zip(*((r["Right"], r["Named"] in ("unnamed", "nothing")) for r in found))) if found else (0, 0)
        named = f"{right}, {len(found) - right - unnamed}, {unnamed}" if change else ""
        cells = []
        for n in names:
            of = [p[n] for _, p in runs if n in p]
            cells.append(cell(of, change) + ("" if len(of) == len(runs) else f" of {len(of)} runs") if of else "–")
        print("|", " | ".join([name, str(len(runs)), own, named, *cells]), "|")


if __name__ == "__main__":
    command, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if command == "table":
        table(folder)
    else:
        import dill
        import pandas as pd
        import torch
        from alibi_detect.cd import MMDDrift, MMDDriftOnline
        from evidently.legacy.metrics.data_drift import embedding_drift_methods

        torch.set_num_threads(1)
        run_all(folder, sys.argv[3] if len(sys.argv) > 3 else "")
