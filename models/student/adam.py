"""Adam as a pure function on one flat vector, so that a snapshot is a value and a trial step cannot leak.

The student's trainable weights (its LoRA adapter) are one float32 vector in the order of `Student.parameters`.
Same arithmetic as `torch.optim.Adam`, to which a test holds it.
"""

from dataclasses import dataclass, replace

import torch

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class TrainingState:
    """Adapter, optimizer, schedule (`steps`) and RNG. Vectors are never changed in place."""

    weights: torch.Tensor
    mean: torch.Tensor
    """Adam's first moment."""
    square: torch.Tensor
    """Adam's second moment."""
    steps: int
    """Optimizer steps so far, over all rounds; the learning rate follows from it."""
    rng: torch.Tensor
    """State of torch's CPU generator."""


def first_state(weights: torch.Tensor) -> TrainingState:
    """The state before any step."""
    return TrainingState(
        weights=weights.clone(),
        mean=torch.zeros_like(weights),
        square=torch.zeros_like(weights),
        steps=0,
        rng=torch.get_rng_state(),
    )


def learning_rate(steps: int, *, peak: float, warmup_steps: int) -> float:
    """Of the step that follows `steps` earlier ones: rises linearly over the warm-up, constant afterwards."""
    return peak * min(1.0, (steps + 1) / (warmup_steps + 1))


def moments(state: TrainingState, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both moments after this gradient."""
    mean = state.mean.lerp(gradient, 1 - BETA1)
    square = state.square * BETA2 + gradient.square() * (1 - BETA2)
    return mean, square


def direction(state: TrainingState, gradient: torch.Tensor) -> torch.Tensor:
    """Where Adam would go *against* on this gradient alone: the gradient in the optimizer's preconditioned form.

    LESS (arXiv 2402.04333, section 3.1) calls it Γ. The authors' code leaves out the bias correction, which scales
    all of it alike and so changes no cosine, but for its effect on epsilon; here it is the step that is really taken.
    """
    mean, square = moments(state, gradient)
    steps = state.steps + 1
    return (mean / (1 - BETA1**steps)) / ((square / (1 - BETA2**steps)).sqrt() + EPSILON)


def step(state: TrainingState, gradient: torch.Tensor, rate: float) -> TrainingState:
    """The state after one step of size `rate`."""
    mean, square = moments(state, gradient)
    weights = state.weights - rate * direction(state, gradient)
    return replace(state, weights=weights, mean=mean, square=square, steps=state.steps + 1, rng=torch.get_rng_state())
