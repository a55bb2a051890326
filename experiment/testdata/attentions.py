"""Attention of every token to every token, in testdata/tiny, with NumPy: attentions.json.

    python3 experiment/testdata/attentions.py
"""
import numpy as np

from tiny import d, heads, p, write, x

q = heads(x[:2] @ p["q_proj.weight"].T + p["q_proj.bias"])
k = heads(x[:2] @ p["k_proj.weight"].T + p["k_proj.bias"])
logits = q @ k.swapaxes(-1, -2) / np.sqrt(d)
e = np.exp(logits - logits.max(-1, keepdims=True))
write("attentions.json", attentions=e / e.sum(-1, keepdims=True))
