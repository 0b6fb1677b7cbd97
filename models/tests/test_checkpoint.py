"""A training state as bytes."""

import pytest
import torch

from models.student.adam import first_state, step
from models.student.checkpoint import Checkpoint, from_bytes, to_bytes
from models.student.errors import StudentError

CPU = torch.device("cpu")


def checkpoint() -> Checkpoint:
    state = step(first_state(torch.arange(5.0)), torch.tensor([1.0, -2.0, 0.5, 0.0, 1e-9]), 0.1)
    return Checkpoint(state=state, batches_done=3, input="9f2c")


def test_comes_back_as_it_was() -> None:
    saved = checkpoint()
    read = from_bytes(to_bytes(saved), name="c", size=5, device=CPU)
    assert (read.batches_done, read.input, read.state.steps) == (3, "9f2c", 1)
    for vector in ("weights", "mean", "square", "rng"):
        assert torch.equal(getattr(read.state, vector), getattr(saved.state, vector))


def test_the_same_state_gives_the_same_bytes() -> None:
    assert len({to_bytes(checkpoint()) for _ in range(5)}) == 1


def test_one_of_another_adapter_is_refused() -> None:
    with pytest.raises(StudentError, match="with 5 weights; this student needs version 1 and 7"):
        from_bytes(to_bytes(checkpoint()), name="c", size=7, device=CPU)


@pytest.mark.parametrize("cut", [0, 7, 100, 300])
def test_what_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(StudentError, match=r"t/c\.safetensors is no checkpoint of the student"):
        from_bytes(to_bytes(checkpoint())[:cut], name="t/c.safetensors", size=5, device=CPU)
