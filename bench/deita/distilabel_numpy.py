"""The rule of distilabel's DeitaFiltering (e5f01db, steps/deita.py), written anew: not DEITA's.

A row counts as diverse when its nearest neighbour among all rows, selected or not, is at least 1 - tau away; of these
the best are taken. As theirs: float64, and cosines of all rows with all rows at once.
"""

import numpy
from measured import measure


def select(vectors: numpy.ndarray, order: numpy.ndarray, tau: float, size: int) -> list[int]:
    """The best rows without any near neighbour."""
    rows = vectors.astype(numpy.float64)
    rows = rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
    cosines = numpy.dot(rows, rows.T)
    distances = 1 - cosines
    numpy.fill_diagonal(distances, numpy.inf)
    nearest = numpy.min(distances, axis=1)
    return order[nearest[order] >= 1 - tau][:size].tolist()


measure(select)
