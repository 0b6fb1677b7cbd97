"""DEITA's selection as the authors compute it, written anew from its rule.

The rule is selection/filter/base.py of hkust-nlp/deita b279f2c.

As theirs with its defaults: one row at a time; vectors in float64, of which the selected ones are gathered, turned
into a float32 tensor and normalised twice for every row, in chunks of 100,000; the row is compared with itself too.
Their input is a table of lists, which takes them time and memory that is not counted here.
"""

import numpy
import torch
from measured import measure

CHUNK_ROWS = 100_000


def unit(matrix: torch.Tensor) -> torch.Tensor:
    """Rows of length 1."""
    return matrix / matrix.norm(dim=1, keepdim=True)


def cosines(row: torch.Tensor, others: numpy.ndarray | torch.Tensor) -> torch.Tensor:
    """Of one row with each of the others."""
    found = torch.zeros((1, len(others)), dtype=torch.float32)
    for first in range(0, len(others), CHUNK_ROWS):
        chunk = others[first : first + CHUNK_ROWS]
        # A tensor is copied as well, as theirs is.
        tensor = chunk.clone() if isinstance(chunk, torch.Tensor) else torch.tensor(chunk, dtype=torch.float32)
        found[:, first : first + CHUNK_ROWS] = torch.mm(unit(unit(row)), unit(unit(tensor)).t())
    return found


def select(vectors: numpy.ndarray, order: numpy.ndarray, tau: float, size: int) -> list[int]:
    """The best row, then each that has no cosine above tau to one selected before."""
    ranked = vectors[order].astype(numpy.float64)
    places = [0]
    for place in range(1, len(ranked)):
        if len(places) >= size:
            break
        row = torch.tensor(ranked[place : place + 1], dtype=torch.float32)
        is_similar = torch.any(cosines(row, ranked[places]) > tau, dim=1)
        is_similar |= torch.any(cosines(row, row).tril(-1) > tau, dim=1)
        if not is_similar.item():
            places.append(place)
    return order[places].tolist()


measure(select)
