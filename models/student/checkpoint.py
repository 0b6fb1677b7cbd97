"""A training state as one safetensors file: `weights`, `mean`, `square` (float32) and `rng` (uint8).

Its header holds {"seedmill": {"schemaVersion": 1, "steps": 12, "batchesDone": 3, "input": "9f2c…"}}.
"""

import json
from dataclasses import dataclass

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from models.student.adam import TrainingState
from models.student.errors import StudentError

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Checkpoint:
    """A training state, how many of its round's batches went into it, and which input the round has."""

    state: TrainingState
    batches_done: int
    input: str


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """The same checkpoint always gives the same bytes."""
    state = checkpoint.state
    about = {
        "schemaVersion": SCHEMA_VERSION,
        "steps": state.steps,
        "batchesDone": checkpoint.batches_done,
        "input": checkpoint.input,
    }
    vectors = {"weights": state.weights, "mean": state.mean, "square": state.square, "rng": state.rng}
    # One key only: safetensors writes several in an order that changes.
    return save({name: vector.cpu() for name, vector in vectors.items()}, {"seedmill": json.dumps(about)})


def from_bytes(data: bytes, *, name: str, size: int, device: torch.device) -> Checkpoint:
    """Reads a checkpoint of an adapter with `size` weights. Raises `StudentError` when it is not one."""
    try:
        tensors = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        about = json.loads(header["__metadata__"]["seedmill"])
    except (SafetensorError, KeyError, ValueError) as error:
        raise StudentError("CorruptData", f"{name} is no checkpoint of the student: {error}") from error
    if about["schemaVersion"] != SCHEMA_VERSION or tensors["weights"].numel() != size:
        raise StudentError(
            "CorruptData",
            f"{name} is a checkpoint of version {about['schemaVersion']} with {tensors['weights'].numel()} weights; "
            f"this student needs version {SCHEMA_VERSION} and {size}: was student.model or loraRank changed?",
        )
    state = TrainingState(
        weights=tensors["weights"].to(device),
        mean=tensors["mean"].to(device),
        square=tensors["square"].to(device),
        steps=about["steps"],
        rng=tensors["rng"],
    )
    return Checkpoint(state=state, batches_done=about["batchesDone"], input=about["input"])
