"""What needs no model: cosines, and the control."""

import pytest
import torch

from models.student.adam import first_state
from models.student.instruction_signal import alignment, control, cosine


def test_a_gradient_is_aligned_with_itself_and_opposed_to_its_negative() -> None:
    snapshot = first_state(torch.zeros(3))
    # Adam's first step goes by the signs alone, so equal sizes keep their direction.
    gradient = torch.tensor([0.5, -0.5, 0.5])
    assert alignment(snapshot, [gradient, -gradient], gradient) == pytest.approx([1.0, -1.0])


def test_alignment_sees_what_the_optimizer_already_does() -> None:
    fresh = first_state(torch.zeros(2))
    steering, gradient = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert alignment(fresh, [gradient], steering) == [0.0]
    moving = first_state(torch.zeros(2))
    moving = type(moving)(moving.weights, torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.0]), 5, moving.rng)
    assert alignment(moving, [gradient], steering)[0] > 0.1


def test_nothing_is_aligned_with_no_gradient() -> None:
    assert cosine(torch.zeros(4), torch.ones(4)) == 0.0


def test_the_control_depends_on_seed_and_example_alone() -> None:
    # The first 48 bits of SHA-256 as a fraction: `printf 7:e1 | sha256sum`.
    drawn = [f"{control(seed, example):.6g}" for seed, example in ((7, "e1"), (8, "e1"), (7, "e2"))]
    assert drawn == ["0.262041", "0.448987", "0.0118988"]
