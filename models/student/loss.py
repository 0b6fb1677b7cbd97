"""Answer loss: the mean over an example's answer tokens, in nats per token; of many examples, one figure each."""

from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import cross_entropy

from models.student.examples import Encoded
from models.student.grouping import by_length
from models.student.model import Student

ROWS_TOGETHER = {"cpu": 1, "mps": 8, "cuda": 16}
"""By kind of device. A CPU gains nothing from several rows at once that padding would not take away."""


def losses(student: Student, rows: Sequence[Encoded], between: Callable[[int], None]) -> list[float]:
    """Each row's loss under the weights that are loaded, in the order of `rows`.

    Rows of like length go through the model together, so that little of the work is padding. The grouping depends
    on the rows alone: the same rows are always measured the same way. Before each group `between` is told how many
    rows are done.
    """
    found: dict[int, float] = {}
    for group in by_length([len(row.ids) for row in rows], together=ROWS_TOGETHER[student.device.type]):
        between(len(found))
        with torch.inference_mode():
            for index, loss in zip(group, answer_losses(student, [rows[i] for i in group]), strict=True):
                found[index] = loss.item()
    return [found[index] for index in range(len(rows))]


def loss_and_gradient(student: Student, row: Encoded) -> tuple[float, torch.Tensor]:
    """One row's loss and its gradient by the adapter's weights, as one flat float32 vector."""
    (loss,) = answer_losses(student, [row])
    gradients = torch.autograd.grad(loss, student.parameters)
    return loss.item(), torch.cat([gradient.flatten().float() for gradient in gradients])


def answer_losses(student: Student, rows: Sequence[Encoded]) -> list[torch.Tensor]:
    """Each row's loss. Rows are padded on the left, so that all answers end in the same column."""
    width = max(len(row.ids) for row in rows)
    padded = [[0] * (width - len(row.ids)) + row.ids for row in rows]
    mask = [[0] * (width - len(row.ids)) + [1] * len(row.ids) for row in rows]
    ids = torch.tensor(padded, device=student.device)
    attention = torch.tensor(mask, device=student.device)
    # The logits of the prompt's tokens are a fifth of a small model's work and nobody reads them.
    kept = max(row.answer_length for row in rows) + 1
    output = student.model(
        input_ids=ids,
        attention_mask=attention,
        position_ids=(attention.cumsum(-1) - 1).clamp(min=0),
        logits_to_keep=kept,
        use_cache=False,
    )
    results = []
    for index, row in enumerate(rows):
        logits = output.logits[index, -row.answer_length - 1 : -1].float()
        results.append(cross_entropy(logits, ids[index, -row.answer_length :]))
    return results
