"""Training steps over batches that are known beforehand, kept now and then: a killed worker goes on from there.

<folder>/state.safetensors    after every few batches; it is removed when the work is done
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from models.student import checkpoint
from models.student.adam import TrainingState, learning_rate, step
from models.student.checkpoint import Checkpoint
from models.student.errors import StudentError
from models.student.examples import Encoded
from models.student.loss import loss_and_gradient
from models.student.messages import StudentSettings
from models.student.model import Student
from models.student.once_files import OnceFiles
from models.student.progress import Progress

BATCHES_BETWEEN_STATES = 4
"""How many batches a killed worker may lose."""
STATE = "state.safetensors"


@dataclass(frozen=True)
class Batch:
    """Rows of one step."""

    epoch: int
    rows: Sequence[Encoded]


@dataclass
class Steps:
    """One step per batch, in order."""

    student: Student
    files: OnceFiles
    settings: StudentSettings
    progress: Progress
    what: str
    """Whose loss it is, for the failure that says it is not finite: `the scorer's loss`."""

    def run(self, initial: TrainingState, batches: Sequence[Batch]) -> TrainingState:
        """The state after all batches, from the start or from where a killed worker left off."""
        name = state_name(self.files)
        saved = self.files.store.read(name)
        state, done = initial, 0
        if saved is not None:
            size, device = initial.weights.numel(), self.student.device
            at = checkpoint.from_bytes(saved, name=name, size=size, device=device)
            self.files.check_input(at.input, name)
            state, done = at.state, at.batches_done
        for number in range(done, len(batches)):
            state = self.train_on(number, batches, state)
            if (number + 1) % BATCHES_BETWEEN_STATES == 0 or number + 1 == len(batches):
                kept = Checkpoint(state=state, batches_done=number + 1, input=self.files.input)
                self.files.store.write(name, checkpoint.to_bytes(kept))
        return state

    def train_on(self, number: int, batches: Sequence[Batch], state: TrainingState) -> TrainingState:
        """The state after a step on the batch's mean gradient."""
        batch = batches[number]
        torch.set_rng_state(state.rng)
        self.student.load(state.weights)
        loss = None
        total = torch.zeros_like(state.weights)
        for row in batch.rows:
            self.progress.at("train", batch=number + 1, of=len(batches), loss=loss)
            loss, gradient = loss_and_gradient(self.student, row)
            total += gradient
        if loss is None or not math.isfinite(loss + total.sum().item()):
            raise self.not_finite(batch.epoch, number, len(batches))
        settings = self.settings
        rate = learning_rate(state.steps, peak=settings.learning_rate, warmup_steps=settings.warmup_steps)
        return step(state, total / len(batch.rows), rate)

    def not_finite(self, epoch: int, number: int, of: int) -> StudentError:
        """Nothing later can be trusted: the failure names batch and learning rate."""
        rate = self.settings.learning_rate
        return StudentError(
            "NonFiniteLoss",
            f"epoch {epoch}, batch {number + 1} of {of}: {self.what} is not finite at learning rate {rate:g}; "
            "lower student.learningRate",
            epoch=epoch,
            batch=number + 1,
            learningRate=rate,
        )


def state_name(files: OnceFiles) -> str:
    """Where the state lies meanwhile."""
    return f"{files.folder}/{STATE}"


def forget_state(files: OnceFiles) -> None:
    """Removes the state, once what it led to is stored."""
    files.store.remove(state_name(files))
