"""Scalars of pairs of the demo model over rendered scenes, for TestNullsAreUniform.

    facet scan 'scenes:default?n=2000&seed=104' --model demo --keep-scalars -o ATLAS
    python3 drift/testdata/scalars.py ATLAS drift/testdata/scalars.npy

Of the tenth of the pairs whose scalars vary most, every so many-th is taken: none is chosen by what a test says of it. NumPy is needed.
"""
import sys

import numpy

PAIRS = 24

scalars = numpy.load(sys.argv[1] + "/scalars.npy")  # [N,M,C]
scalars = scalars.reshape(len(scalars), -1).astype(numpy.float32)
spread = scalars.std(axis=0)
strong = numpy.argsort(-spread, kind="stable")[: len(spread) // 10]
chosen = strong[numpy.linspace(0, len(strong) - 1, PAIRS).astype(int)]
out = numpy.ascontiguousarray(scalars[:, chosen])
numpy.save(sys.argv[2], out.astype(numpy.float16))
centred = (out - out.mean(axis=0)) / out.std(axis=0)
for pair, x in zip(chosen, centred.T):
    print(pair, "skewness %.2f" % (x**3).mean(), "excess kurtosis %.2f" % ((x**4).mean() - 3))
