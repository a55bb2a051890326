"""Writes plain.mat and packed.mat beside it: the same variables, as they are and compressed. mat_test.go knows what is in them.

    pip install numpy scipy; python3 make.py
"""
import pathlib

import numpy as np
from scipy.io import savemat

cells = np.empty((2, 2), object)
cells[0, 0], cells[1, 0], cells[0, 1], cells[1, 1] = "a", np.arange(3), np.zeros((0, 0)), "ü€"
inner = np.array([([[1]], "one"), ([[2]], "two")], [("id", object), ("name", object)])[None]
variables = {t: np.array([[1, 2], [3, 100]], t) for t in ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")}
variables |= {"negative": np.int16([[-300]]), "fraction": np.float64([[0.5, -1e300]]), "flag": np.array([[True, False]]), "complex": np.array([[1 + 2j]]),
              "text": "a longer text", "cells": cells, "structs": inner, "outer": {"inner": inner, "x": 7.0}, "empty": np.zeros((0, 3)), "cube": np.arange(24.0).reshape(2, 3, 4)}
for name, packed in (("plain", False), ("packed", True)):
    savemat(pathlib.Path(__file__).with_name(name + ".mat"), variables, do_compression=packed)
