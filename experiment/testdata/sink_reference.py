"""Writes sink_reference.json: register neurons of testdata/tiny as the published find_registers.py and ablation.py look for them.

    pip install numpy; python3 sink_reference.py

Every neuron is zeroed in turn in the trunk's output of all tokens, the class token too, and attention is computed anew.
"""
import numpy as np

from tiny import C, M, attend, contributions, embed, p, write, x, z

plain = attend(x)
assert np.allclose(plain, __import__("tiny").golden["attention"][: len(x)], atol=1e-6)
drops = []
for n in range(C):
    without = z.copy()
    without[:, :, n] = 0
    drops.append((plain[:, :, -1].mean(1) - attend(without + p["positional_embedding"])[:, :, -1].mean(1)))
drops = np.array(drops)  # [C,I]
dark = plain.copy()
dark[:, :, -1] = 0
before, after = contributions(x, plain), contributions(x, dark)
pairs = np.abs(np.linalg.norm(after, axis=-1) - np.linalg.norm(before, axis=-1)).mean(0)  # [M,C]
zeroed = np.argsort(-drops.mean(1), kind="stable")[:18]
gone = z.copy()
gone[:, :, zeroed] = 0
gone += p["positional_embedding"]
write("sink_reference.json", signed=drops.mean(1), size=np.abs(drops).mean(1), pairs=pairs[:, ::8], zeroed=zeroed,
      zero_sink=embed(x, dark), zero_neurons=embed(gone, attend(gone)))
