"""What the student says about single examples of a batch: `alignment`, `learnability` or `random`.

    alignment     cosine(Γ(example's gradient), steering half's mean gradient), both at the round's snapshot
    learnability  the example's loss at the snapshot − its loss after a step on the *rest of its batch*
    random        the control: a number from (seed, example id)

Alignment follows LESS (arXiv 2402.04333, section 3.1); learnability and the control are ours.
"""

import hashlib

import torch

from models.student.adam import TrainingState, direction, step
from models.student.examples import Encoded
from models.student.loss import loss_and_gradient, losses
from models.student.model import Student
from models.student.progress import Progress


def alignment(snapshot: TrainingState, gradients: list[torch.Tensor], steering: torch.Tensor) -> list[float]:
    """One cosine per example, −1 to 1: 1 means that a step on it alone lowers steering loss as fast as any step can."""
    return [cosine(direction(snapshot, gradient), steering) for gradient in gradients]


def cosine(a: torch.Tensor, b: torch.Tensor) -> float:
    """In float64: two vectors of millions of entries lose digits in float32. 0 when either is all zeros."""
    a, b = a.cpu().double(), b.cpu().double()
    norms = (a.norm() * b.norm()).item()
    return (a @ b).item() / norms if norms > 0 else 0.0


def steering_gradient(student: Student, rows: list[Encoded], progress: Progress) -> torch.Tensor:
    """The steering half's mean gradient under the weights that are loaded."""
    total = torch.zeros_like(torch.nn.utils.parameters_to_vector(student.parameters))
    for number, row in enumerate(rows):
        progress.at("steering gradient", batch=number + 1, of=len(rows))
        total += loss_and_gradient(student, row)[1]
    return total / len(rows)


def learnability(
    student: Student,
    snapshot: TrainingState,
    rate: float,
    *,
    rows: list[Encoded],
    before: list[float],
    gradients: list[torch.Tensor],
    progress: Progress,
) -> list[float]:
    """One drop per example, nats per token. An example alone in its batch has no rest to learn from: 0."""
    if len(rows) == 1:
        return [0.0]
    drops = []
    total = torch.stack(gradients).sum(0)
    for row, loss, gradient in zip(rows, before, gradients, strict=True):
        rest = (total - gradient) / (len(rows) - 1)
        student.load(step(snapshot, rest, rate).weights)
        (after,) = losses(student, [row], lambda _: progress.go_on())
        drops.append(loss - after)
    student.load(snapshot.weights)
    return drops


def control(seed: int, example_id: str) -> float:
    """A number in [0, 1) that depends on the seed and the example's id alone."""
    digest = hashlib.sha256(f"{seed}:{example_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
