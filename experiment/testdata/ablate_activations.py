"""Embeddings where every third neuron is held at its mean over the six images, in every token, in testdata/tiny, with NumPy: ablate_activations.json.

    python3 experiment/testdata/ablate_activations.py
"""
import numpy as np

from tiny import attend, embed, write, x

held = np.arange(x.shape[2]) % 3 == 0
y = np.where(held, x.mean(0), x)
write("ablate_activations.json", embeddings=embed(y, attend(y)))
