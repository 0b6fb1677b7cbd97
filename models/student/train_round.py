"""One round of the student, top to bottom: measure what each batch teaches, then train on all of them in order.

The signal is SeDi's in our reading (docs/methods/sedi.md): from the round's starting snapshot one step on a
batch, the mean paired drop of loss over the steering rows, and the snapshot again.
"""

import math
import time
from collections.abc import Sequence

import torch

from models.student import checkpoint, data, instruction_signal
from models.student.adam import TrainingState, first_state, learning_rate, step
from models.student.checkpoint import Checkpoint
from models.student.errors import StudentError
from models.student.examples import Encoded, Task, encode, encode_answer_alone
from models.student.figures import batch_signal, change, difficulty, mean_and_error
from models.student.loss import loss_and_gradient, losses
from models.student.messages import (
    BatchSignal,
    Ref,
    TrainingBatch,
    TrainRoundInput,
    TrainRoundResult,
)
from models.student.model import Student
from models.student.progress import Progress
from models.student.round_files import RoundFiles


def train_round(student: Student, files: RoundFiles, progress: Progress) -> TrainRoundResult:
    """Does what of the round is not yet in the store, and returns its result. Raises `StudentError`."""
    return TrainRoundResult.model_validate(files.once("result.json", Round(student, files, progress).run))


class Round:
    """The round's rows in tokens, its snapshot, and the steps in their order."""

    def __init__(self, student: Student, files: RoundFiles, progress: Progress) -> None:
        self.student, self.files, self.progress = student, files, progress
        self.asked: TrainRoundInput = files.asked
        self.batches = files.batches()
        steering, reporting = files.held_out()
        self.steering = self.encoded(steering)
        self.reporting = self.encoded(reporting)
        self.snapshot = self.starting_state()
        self.steering_gradient: torch.Tensor | None = None
        self.first_gradient: torch.Tensor | None = None

    def run(self) -> dict:
        """The whole round; its parts that are in the store already are taken from there."""
        started = time.monotonic()
        before = self.held_out_losses("heldout-before.json", self.asked.previous, self.snapshot)
        signals = [self.stored_signal(number, before["steering"]) for number in range(len(self.batches))]
        signal = self.files.write_signal(signals)
        after, trained, adapter = before, None, None
        if self.asked.signal == "train":
            state = self.train()
            trained = self.files.put_once("checkpoint.safetensors", self.checkpoint_bytes(state, len(self.batches)))
            state = self.read_state(trained.uri, data.read(self.files.store, trained)).state
            for name, written in self.student.adapter_files(state.weights).items():
                ref = self.files.put_once(f"adapter/{name}", written)
                adapter = adapter or ref
            after = self.held_out_losses("heldout-after.json", trained, state)
            self.files.store.remove(self.state_name())
        else:
            self.files.once("heldout-after.json", lambda: self.about(before, self.asked.previous))
        return TrainRoundResult(
            signal=signal,
            checkpoint=trained,
            adapter=adapter,
            steering=change(before["steering"], after["steering"]),
            reporting=change(before["reporting"], after["reporting"]),
            device=self.student.device.type,
            seconds=round(time.monotonic() - started, 3),
        ).wire()

    # What the student knows at the start.

    def encoded(self, rows: Sequence[Task]) -> list[Encoded]:
        """Rows as token ids in the model's chat format."""
        return [encode(self.student.tokenizer, row, self.asked.student.max_tokens) for row in rows]

    def starting_state(self) -> TrainingState:
        """Where the previous round ended; for the first round an untrained adapter."""
        initial = first_state(self.student.initial_weights(self.asked.seed))
        previous = self.asked.previous
        if previous is None:
            return initial
        return self.read_state(previous.uri, data.read(self.files.store, previous), size=initial.weights.numel()).state

    def held_out_losses(self, name: str, ref: Ref | None, state: TrainingState) -> dict[str, list[float]]:
        """Loss of every held-out row under this state, measured once; the previous round may have done it."""

        def measure() -> dict:
            phase = name.removesuffix(".json")
            self.student.load(state.weights)
            measured = {}
            for half, rows in (("steering", self.steering), ("reporting", self.reporting)):
                measured[half] = self.finite(self.losses(f"{phase} {half}", rows), phase)
            return self.about(measured, ref)

        known = self.files.earlier_losses(ref) if name == "heldout-before.json" else None
        return self.files.once(name, lambda: {"losses": known} if known else measure())["losses"]

    def about(self, measured: dict, ref: Ref | None) -> dict:
        """Losses together with what they were measured on."""
        of = {"heldOut": self.asked.held_out.sha256, "checkpoint": ref and ref.sha256}
        return {"losses": {**of, "steering": measured["steering"], "reporting": measured["reporting"]}}

    # What each batch teaches.

    def stored_signal(self, number: int, before: list[float]) -> BatchSignal:
        """The batch's signal, measured unless it is in the store."""

        def measure() -> BatchSignal:
            return self.measure_batch(number, before) if self.asked.signal == "train" else self.evaluate_batch(number)

        value = self.files.once(f"signal/{self.batches[number].batch}.json", lambda: {"signal": measure().wire()})
        return BatchSignal.model_validate(value["signal"])

    def measure_batch(self, number: int, before: list[float]) -> BatchSignal:
        """`heldout-gain` of the batch and the instruction signal of its examples, all from the snapshot."""
        batch = self.batches[number]
        rate = self.rate(self.snapshot)
        self.student.load(self.snapshot.weights)
        rows = self.encoded(batch.examples)
        answer_losses, gradients = self.gradients("signal", number, rows)
        mean_gradient = torch.stack(gradients).mean(0)
        if number == 0:
            self.first_gradient = mean_gradient
        scores = self.finite(self.instruction_scores(batch, rows, answer_losses, gradients, rate), batch.batch)
        self.student.load(step(self.snapshot, mean_gradient, rate).weights)
        after = self.losses(f"gain of batch {number + 1} of {len(self.batches)}", self.steering)
        drops = [b - a for b, a in zip(before, self.finite(after, batch.batch), strict=True)]
        gain, standard_error = mean_and_error(drops)
        return batch_signal(batch, answer_losses, scores, gain=gain, standard_error=standard_error)

    def instruction_scores(
        self,
        batch: TrainingBatch,
        rows: list[Encoded],
        answer_losses: list[float],
        gradients: list[torch.Tensor],
        rate: float,
    ) -> list[float]:
        """One score per example, as the recipe asks."""
        if self.asked.instruction_signal == "random":
            return [instruction_signal.control(self.asked.seed, example.id) for example in batch.examples]
        if self.asked.instruction_signal == "alignment":
            if self.steering_gradient is None:
                args = (self.student, self.steering, self.progress)
                self.steering_gradient = instruction_signal.steering_gradient(*args)
            return instruction_signal.alignment(self.snapshot, gradients, self.steering_gradient)
        return instruction_signal.learnability(
            self.student,
            self.snapshot,
            rate,
            rows=rows,
            before=answer_losses,
            gradients=gradients,
            progress=self.progress,
        )

    def evaluate_batch(self, number: int) -> BatchSignal:
        """No training: answer loss, and how much the instruction helps (IFD: loss with it ÷ loss without)."""
        batch = self.batches[number]
        tokenizer, max_tokens = self.student.tokenizer, self.asked.student.max_tokens
        self.student.load(self.snapshot.weights)
        alone = [encode_answer_alone(tokenizer, example, max_tokens) for example in batch.examples]
        phase = f"evaluating batch {number + 1} of {len(self.batches)}"
        with_instruction = self.finite(self.losses(phase, self.encoded(batch.examples)), batch.batch)
        without = self.finite(self.losses(phase, alone), batch.batch)
        scores = [difficulty(a, b) for a, b in zip(with_instruction, without, strict=True)]
        return batch_signal(batch, with_instruction, scores, gain=None, standard_error=None)

    # Training.

    def train(self) -> TrainingState:
        """One step per batch, in order, from the snapshot or from where a killed worker left off."""
        name = self.state_name()
        saved = self.files.store.read(name)
        state, done = self.snapshot, 0
        if saved is not None:
            at = self.read_state(name, saved)
            self.files.check_input(at.input, name)
            state, done = at.state, at.batches_done
        for number in range(done, len(self.batches)):
            state = self.train_on(number, state)
            self.files.store.write(name, self.checkpoint_bytes(state, number + 1))
        return state

    def train_on(self, number: int, state: TrainingState) -> TrainingState:
        """The state after a step on the batch's mean gradient. The first one was already taken for the signal."""
        torch.set_rng_state(state.rng)
        gradient = self.first_gradient if number == 0 else None
        if gradient is None:
            self.student.load(state.weights)
            _, gradients = self.gradients("train", number, self.encoded(self.batches[number].examples))
            gradient = torch.stack(gradients).mean(0)
        return step(state, gradient, self.rate(state))

    def gradients(self, phase: str, number: int, rows: list[Encoded]) -> tuple[list[float], list[torch.Tensor]]:
        """Loss and gradient of each of the batch's rows under the weights that are loaded."""
        found_losses, found_gradients = [], []
        for row in rows:
            self.progress.at(phase, batch=number + 1, of=len(self.batches), loss=(found_losses or [None])[-1])
            loss, gradient = loss_and_gradient(self.student, row)
            self.finite([loss, gradient.sum().item()], self.batches[number].batch)
            found_losses.append(loss)
            found_gradients.append(gradient)
        return found_losses, found_gradients

    def rate(self, state: TrainingState) -> float:
        """The learning rate of the step that comes next."""
        settings = self.asked.student
        return learning_rate(state.steps, peak=settings.learning_rate, warmup_steps=settings.warmup_steps)

    def finite(self, values: list[float], where: str) -> list[float]:
        """The values, or a typed failure that names batch and learning rate: nothing later can be trusted."""
        if not all(math.isfinite(value) for value in values):
            rate = self.asked.student.learning_rate
            raise StudentError(
                "NonFiniteLoss",
                f"round {self.asked.round}, batch {where}: the loss is not finite at learning rate {rate:g}; "
                "lower student.learningRate",
                round=self.asked.round,
                batch=where,
                learningRate=rate,
            )
        return values

    def losses(self, phase: str, rows: list[Encoded]) -> list[float]:
        """Loss of each row under the weights that are loaded, reported row by row."""
        return losses(self.student, rows, lambda done: self.progress.at(phase, batch=done, of=len(rows)))

    # Checkpoints.

    def state_name(self) -> str:
        """Where the state after each batch is kept until the round is done."""
        return f"{self.files.folder}/state.safetensors"

    def checkpoint_bytes(self, state: TrainingState, batches_done: int) -> bytes:
        """This round's state after so many batches."""
        return checkpoint.to_bytes(Checkpoint(state=state, batches_done=batches_done, input=self.files.input))

    def read_state(self, name: str, data: bytes, size: int | None = None) -> Checkpoint:
        """A checkpoint that fits this student's adapter."""
        size = size or self.snapshot.weights.numel()
        return checkpoint.from_bytes(data, name=name, size=size, device=self.student.device)
