"""Greedy filtering by cosine in plain NumPy on one thread, for cosine.ts to compare with: FILE.npy THRESHOLD."""

import json
import sys
import time

import numpy

vectors = numpy.load(sys.argv[1])
threshold = float(sys.argv[2])
start = time.process_time()
vectors = vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)
kept = numpy.empty_like(vectors)
rows: list[int] = []
for row, vector in enumerate(vectors):
    if rows and (kept[: len(rows)] @ vector).max() > threshold:
        continue
    kept[len(rows)] = vector
    rows.append(row)
print(json.dumps({"seconds": time.process_time() - start, "kept": rows}))
