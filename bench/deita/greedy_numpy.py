"""DEITA's selection in plain NumPy, for deita.ts to compare with: float32, the selected rows in one block."""

import numpy
from measured import measure


def select(vectors: numpy.ndarray, order: numpy.ndarray, tau: float, size: int) -> list[int]:
    """Each row against all selected ones, by one product of a matrix and a vector."""
    vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
    accepted = numpy.empty((size, vectors.shape[1]), dtype=vectors.dtype)
    rows: list[int] = []
    for row in order:
        if rows and (accepted[: len(rows)] @ vectors[row]).max() > tau:
            continue
        accepted[len(rows)] = vectors[row]
        rows.append(int(row))
        if len(rows) == size:
            break
    return rows


measure(select)
