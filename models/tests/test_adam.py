"""Adam as a pure function against torch's own."""

import torch

from models.student.adam import direction, first_state, learning_rate, step


def test_takes_the_same_steps_as_torch() -> None:
    torch.manual_seed(0)
    start, gradients = torch.randn(50), torch.randn(6, 50)
    parameter = torch.nn.Parameter(start.clone())
    reference = torch.optim.Adam([parameter], lr=0.01)
    state = first_state(start)
    for gradient in gradients:
        parameter.grad = gradient.clone()
        reference.step()
        state = step(state, gradient, 0.01)
        torch.testing.assert_close(state.weights, parameter.detach(), rtol=1e-5, atol=1e-7)
    assert state.steps == 6


def test_a_trial_step_leaves_the_snapshot_as_it_was() -> None:
    snapshot = step(first_state(torch.zeros(4)), torch.ones(4), 0.1)
    before = [vector.clone() for vector in (snapshot.weights, snapshot.mean, snapshot.square)]
    step(snapshot, torch.tensor([1.0, -2.0, 3.0, 0.0]), 0.1)
    after = [snapshot.weights, snapshot.mean, snapshot.square]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_direction_is_what_a_step_subtracts() -> None:
    snapshot = step(first_state(torch.zeros(3)), torch.ones(3), 0.1)
    gradient = torch.tensor([0.5, -1.0, 2.0])
    moved = snapshot.weights - step(snapshot, gradient, 0.25).weights
    torch.testing.assert_close(moved, 0.25 * direction(snapshot, gradient))


def test_the_rate_rises_linearly_and_stays() -> None:
    rates = [learning_rate(steps, peak=1.0, warmup_steps=3) for steps in range(5)]
    assert rates == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert learning_rate(0, peak=0.5, warmup_steps=0) == 0.5
