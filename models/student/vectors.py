"""Vectors as `.npy` files: version 1.0, little-endian float32, C order, one row each."""

import io

import numpy as np
from numpy.lib import format as npy

from models.student.errors import StudentError


def header(rows: int, dims: int) -> bytes:
    """What stands before the rows."""
    written = io.BytesIO()
    npy.write_array_header_1_0(written, {"descr": "<f4", "fortran_order": False, "shape": (rows, dims)})
    return written.getvalue()


def to_bytes(vectors: np.ndarray) -> bytes:
    """The whole file."""
    return header(*vectors.shape) + np.ascontiguousarray(vectors, dtype="<f4").tobytes()


def from_bytes(stored: bytes, *, name: str, rows: int, dims: int) -> np.ndarray:
    """The vectors of a file that must have this shape. Raises `StudentError` when it has not."""
    start = header(rows, dims)
    if not stored.startswith(start) or len(stored) != len(start) + rows * dims * 4:
        raise StudentError("CorruptData", f"{name} does not hold {rows} vectors of {dims} float32: remove it")
    return np.frombuffer(stored, dtype="<f4", offset=len(start)).reshape(rows, dims)
