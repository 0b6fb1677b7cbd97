"""DEITA's selection in plain NumPy, for deita.ts to compare with: VECTORS.npy SCORES.npy TAU SIZE."""

import json
import resource
import sys
import time

import numpy

vectors_file, scores_file, tau, size = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
start = time.perf_counter()
vectors = numpy.load(vectors_file)
vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
scores = numpy.load(scores_file)[:, 0]
accepted = numpy.empty((size, vectors.shape[1]), dtype=vectors.dtype)
rows: list[int] = []
for row in numpy.argsort(-scores, kind="stable"):
    if rows and (accepted[: len(rows)] @ vectors[row]).max() > tau:
        continue
    accepted[len(rows)] = vectors[row]
    rows.append(int(row))
    if len(rows) == size:
        break
seconds = time.perf_counter() - start
peak_memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peakMemoryMb": peak_memory_mb, "rows": rows}))
