"""The figures that a round reports, in the 6 significant digits in which scores are compared."""

import math

from models.student.messages import BatchSignal, ExampleSignal, LossChange, TrainingBatch


def batch_signal(
    batch: TrainingBatch,
    answer_losses: list[float],
    scores: list[float],
    *,
    gain: float | None,
    standard_error: float | None,
) -> BatchSignal:
    """The row for `signal.jsonl`, in 6 significant digits."""
    examples = [
        ExampleSignal(id=example.id, answer_loss=digits(loss), score=digits(score))
        for example, loss, score in zip(batch.examples, answer_losses, scores, strict=True)
    ]
    return BatchSignal(
        batch=batch.batch,
        gain=None if gain is None else digits(gain),
        standard_error=None if standard_error is None else digits(standard_error),
        examples=examples,
    )


def difficulty(with_instruction: float, without: float) -> float:
    """Instruction-following difficulty (Cherry LLM). 1, which is excluded, for an answer certain in any case."""
    return with_instruction / without if without > 0 else 1.0


def change(before: list[float], after: list[float]) -> LossChange:
    """Mean loss before and after, in 6 significant digits."""
    return LossChange(
        before=digits(mean_and_error(before)[0]), after=digits(mean_and_error(after)[0]), rows=len(before)
    )


def mean_and_error(values: list[float]) -> tuple[float, float]:
    """Mean and its standard error (sample standard deviation ÷ √n; 0 for a single value)."""
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, 0.0
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, math.sqrt(variance / len(values))


def digits(value: float) -> float:
    """Rounded to 6 significant digits, in which scores are compared."""
    return float(f"{value:.6g}")
