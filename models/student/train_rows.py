"""`trainRows`: a student trained from base on rows of a dataset, and what it then says about held-out tasks.

<out>/state.safetensors   after every few batches; where a killed worker goes on; it goes when the work is done
<out>/heldout.jsonl       loss of each held-out row after the training
<out>/answers.jsonl       what the trained student answers, where prompts are given
<out>/result.json         what the activity returned

Rows that are trained on in another order than theirs are drawn by the seed, epoch and id. With no rows it measures
the student as it was published.
"""

import hashlib
import time
from collections.abc import Sequence
from typing import Any, TypeVar

import torch

from models.store import Store
from models.student import data
from models.student.adam import TrainingState, first_state
from models.student.data import compact, sha256
from models.student.errors import StudentError
from models.student.examples import Encoded, encode, surroundings
from models.student.figures import digits, mean_and_error
from models.student.loss import losses
from models.student.messages import (
    Example,
    HeldOutLoss,
    HeldOutRow,
    Message,
    PromptAnswer,
    Ref,
    TaskPrompt,
    TrainRowsInput,
    TrainRowsResult,
)
from models.student.model import Student
from models.student.once_files import OnceFiles
from models.student.progress import Progress
from models.student.steps import Batch, Steps, forget_state

T = TypeVar("T")


def train_rows(student: Student, store: Store, asked: TrainRowsInput, progress: Progress) -> TrainRowsResult:
    """Does what is not in the store yet, and returns the result. Raises `StudentError`."""
    data.check_out(asked.out)
    files = OnceFiles(store, asked.out, fingerprint(asked))
    result = files.once("result.json", lambda: Training(student, files, asked, progress).run())
    forget_state(files)
    return TrainRowsResult.model_validate(result)


class Training:
    """The rows in tokens, the steps in their order, and what is asked of the student afterwards."""

    def __init__(self, student: Student, files: OnceFiles, asked: TrainRowsInput, progress: Progress) -> None:
        self.student, self.files, self.asked, self.progress = student, files, asked, progress
        self.held_out = data.rows(files.store, asked.held_out, HeldOutRow)
        if not self.held_out:
            raise StudentError("InvalidInput", f"{asked.held_out.uri}: no held-out rows to measure by")
        rows = data.rows(files.store, asked.rows, Example)
        self.batches = [
            Batch(epoch, [self.encoded(row) for row in batch])
            for epoch in range(1, asked.epochs + 1)
            for batch in grouped(in_order(rows, asked, epoch), asked.batch_size)
        ]

    def run(self) -> dict[str, Any]:
        """All of it; what is in the store already is taken from there."""
        began = time.monotonic()
        initial = first_state(self.student.initial_weights(self.asked.seed))
        steps = Steps(self.student, self.files, self.asked.student, self.progress, what="the loss")
        state = steps.run(initial, self.batches)
        trained = time.monotonic()
        measured = self.losses(state)
        after = {
            half: digits(mean_and_error([row.loss for row in measured if row.half == half])[0])
            if any(row.half == half for row in measured)
            else None
            for half in ("steering", "reporting")
        }
        return TrainRowsResult(
            held_out=self.put("heldout.jsonl", measured),
            answers=self.answers(state),
            steering=after["steering"],
            reporting=after["reporting"],
            tokens=sum(len(row.ids) for batch in self.batches for row in batch.rows),
            training_seconds=round(trained - began, 3),
            seconds=round(time.monotonic() - began, 3),
            device=self.student.device.type,
        ).wire()

    def encoded(self, row: Example | HeldOutRow) -> Encoded:
        """Prompt and answer in tokens."""
        return encode(self.student.tokenizer, row, self.asked.student.max_tokens)

    def losses(self, state: TrainingState) -> list[HeldOutLoss]:
        """Of every held-out row."""

        def between(done: int) -> None:
            self.progress.at("held-out", batch=done, of=len(self.held_out))

        self.student.load(state.weights)
        found = losses(self.student, [self.encoded(row) for row in self.held_out], between)
        return [
            HeldOutLoss(id=row.id, half=row.half, loss=digits(loss))
            for row, loss in zip(self.held_out, found, strict=True)
        ]

    def answers(self, state: TrainingState) -> Ref | None:
        """What the student answers, always its likeliest next token."""
        if self.asked.prompts is None:
            return None
        self.student.load(state.weights)
        prompts = data.rows(self.files.store, self.asked.prompts, TaskPrompt)
        return self.put("answers.jsonl", [self.answer(prompt, n, len(prompts)) for n, prompt in enumerate(prompts)])

    def answer(self, prompt: TaskPrompt, number: int, of: int) -> PromptAnswer:
        """One answer, cut at the longest that was asked for."""
        self.progress.at("answering", batch=number + 1, of=of)
        tokenizer, longest = self.student.tokenizer, self.asked.max_new_tokens
        asked = f"{prompt.instruction}\n\n{prompt.input}" if prompt.input else prompt.instruction
        ids = tokenizer(surroundings(tokenizer, asked)[0], add_special_tokens=False).input_ids
        ids = ids[-self.asked.student.max_tokens :]
        given = torch.tensor([ids], device=self.student.device)
        with torch.inference_mode():
            made = self.student.model.generate(
                input_ids=given,
                attention_mask=torch.ones_like(given),
                max_new_tokens=longest,
                do_sample=False,
                pad_token_id=tokenizer.eos_token_id,
            )[0, len(ids) :]
        (text,) = tokenizer.batch_decode([made], skip_special_tokens=True)
        return PromptAnswer(id=prompt.id, text=text.strip(), is_cut=len(made) == longest)

    def put(self, name: str, rows: Sequence[Message]) -> Ref:
        """The rows as a file; the first one that was written stays."""
        text = "".join(compact(row.wire()) + "\n" for row in rows).encode()
        return self.files.put_once(name, text).model_copy(update={"count": len(rows)})


def in_order(rows: Sequence[Example], asked: TrainRowsInput, epoch: int) -> list[Example]:
    """One epoch's rows, in their own order or in one that the seed draws."""
    if asked.order == "given":
        return list(rows)
    key = f"epoch {epoch}"
    return sorted(rows, key=lambda row: hashlib.sha256(compact([asked.seed, key, row.id]).encode()).digest())


def grouped(rows: Sequence[T], size: int) -> list[Sequence[T]]:
    """Batches of so many; the last one may be smaller."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def fingerprint(asked: TrainRowsInput) -> str:
    """Everything that the figures depend on, and nothing else."""
    wire = asked.wire()
    settings = [wire[key] for key in ("student", "epochs", "batchSize", "order", "seed", "maxNewTokens")]
    refs = [wire[key] and wire[key]["sha256"] for key in ("rows", "heldOut", "prompts")]
    return sha256(compact([*refs, *settings]).encode())
