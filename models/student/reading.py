"""Many texts through a model, without training it.

Rows are padded on the right and nothing is masked: a causal model's token never sees what comes after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from models.student.grouping import by_length
from models.student.model import LanguageModel

T = TypeVar("T")


@dataclass(frozen=True)
class Room:
    """How much goes through the model at once."""

    rows: int
    tokens: int


ROOM = {"cpu": Room(8, 2_048), "mps": Room(16, 8_192), "cuda": Room(64, 65_536)}


def read_grouped(
    device: torch.device,
    ids: Sequence[list[int]],
    read: Callable[[list[list[int]]], Sequence[T]],
    between: Callable[[int], None],
) -> list[T]:
    """What `read` says about each text, in order. Before each group `between` is told how many texts are done."""
    room = ROOM[device.type]
    found: dict[int, T] = {}
    for group in by_length([len(row) for row in ids], together=room.rows, tokens=room.tokens):
        between(len(found))
        found.update(zip(group, read([ids[index] for index in group]), strict=True))
    return [found[index] for index in range(len(ids))]


def padded(ids: Sequence[list[int]], device: torch.device) -> torch.Tensor:
    """One row per text; what fills them up is never looked at."""
    width = max(len(row) for row in ids)
    return torch.tensor([row + [0] * (width - len(row)) for row in ids], device=device)


@torch.inference_mode()
def last_states(model: LanguageModel, ids: list[list[int]]) -> list[torch.Tensor]:
    """The final layer's states (after its norm) of each text's tokens: tokens × dims, in the model's precision."""
    hidden = model.model.base_model(input_ids=padded(ids, model.device), use_cache=False).last_hidden_state
    return [states[: len(row)] for states, row in zip(hidden, ids, strict=True)]
