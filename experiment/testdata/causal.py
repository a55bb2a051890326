"""Writes causal.json: words whose pairs are held at their mean, and controls, with NumPy on testdata/tiny. See experiment.Causal.

    pip install numpy; python3 causal.py

Every embedding is summed anew from the pairs that stay; an AUC counts pairs of images. Controls are drawn by Go's PCG, written down here from its
published definition (permuted congruential generator, 128 bits, DXSM).
"""
from tiny import C, M, bias, directions, golden, scalars, write

import numpy as np

MASK64, MASK128 = (1 << 64) - 1, (1 << 128) - 1


class PCG:
    def __init__(self, seed1, seed2):
        self.state = seed1 << 64 | seed2

    def uint64(self):
        self.state = (self.state * (2549297995355413924 << 64 | 4865540595714422341) + (6364136223846793005 << 64 | 1442695040888963407)) & MASK128
        high, low = self.state >> 64, self.state & MASK64
        high ^= high >> 32
        high = high * 0xDA942042E4DD58B5 & MASK64
        high ^= high >> 48
        return high * (low | 1) & MASK64

    def below(self, n):
        """A whole number below n, as rand.IntN draws it: Lemire's way."""
        if n & (n - 1) == 0:
            return self.uint64() & (n - 1)
        while True:
            product = (self.uint64() >> 32) * n
            if product & 0xFFFFFFFF >= (1 << 32) % n:
                return product >> 32


texts = golden["word_embedding"][:6].astype(float)
texts = texts - texts.mean(0)
texts /= np.linalg.norm(texts, axis=1, keepdims=True)
N = len(scalars)
present = np.array([[(7 * i + 3 * t) % 5 < 2 or t == 5 for i in range(N)] for t in range(6)])  # the last one is in all images
names = [(17, 0, False), (900, 0, False), (2001, 0, False), (64, 1, False), (65, 1, False), (3333, 2, False), (12, 3, True), (4000, 4, False), (5, 5, False)]  # pair, word, not
strength = golden["pair_norms"].astype(float).mean(-1).ravel()
order = np.argsort(-strength, kind="stable")
place = np.argsort(order)

flat, u, mean = scalars.reshape(N, M * C), directions.reshape(M * C, -1), scalars.reshape(N, M * C).mean(0)
centre = mean @ u + bias


def auc(values, there):
    a, b = values[there][:, None], values[~there][None]
    return float(((a > b) + 0.5 * (a == b)).mean())


def detect(held):
    """AUC of every word with some pairs at their mean."""
    s = flat.copy()
    s[:, held] = mean[held]
    e = s @ u + bias - centre
    cosines = e @ texts.T / np.linalg.norm(e, axis=1, keepdims=True)
    return [auc(cosines[:, t], present[t]) for t in range(len(texts))]


random = PCG(17, 1)
words = [t for t in range(6) if any(w == t and not no for _, w, no in names) and 0 < present[t].sum() < N]
sets = {}
for t in words:
    own = [p for p, w, no in names if w == t and not no]
    sets[t] = [own]
    for _ in range(5):
        taken, drawn = set(own), []
        for p in own:
            near = []
            for step in range(1, len(order)):
                near += [order[i] for i in (place[p] - step, place[p] + step) if 0 <= i < len(order) and order[i] not in taken]
                if len(near) >= 20:
                    break
            one = near[random.below(len(near))]
            taken.add(one)
            drawn.append(one)
        sets[t].append(drawn)
before = detect([])
rows = []
for t in words:
    after = detect(sets[t][0])
    others = np.mean([before[j] - after[j] for j in words if j != t])
    control = np.mean([before[t] - detect(s)[t] for s in sets[t][1:]])
    rows.append([t, len(sets[t][0]), before[t], before[t] - after[t], others, control])
print(np.array(rows))
write("causal.json", present=present.astype(int), pairs=np.array([n[0] for n in names]), words=np.array([n[1] for n in names]), without=np.array([int(n[2]) for n in names]), rows=np.array(rows))
