"""`trainScorer`: a LoRA adapter that says a prompt's score, with loss on the score's token alone.

The prompt is read as `scoreRows` reads it; the token after it is the bare digit. The authors (hkust-nlp/deita) train
all weights of a 7B model on conversations of prompt and digit; an adapter and the held-out part are ours.

<out>/heldout-before.json       what the model says about the held-out pairs without the adapter's training
<out>/state.safetensors         after every few batches; where a killed worker goes on; it goes when the work is done
<out>/adapter_model.safetensors, adapter_config.json, heldout-after.json, result.json
"""

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch

from models.store import Store
from models.student import data
from models.student.adam import first_state
from models.student.data import compact, sha256
from models.student.errors import StudentError
from models.student.examples import Encoded
from models.student.figures import digits
from models.student.messages import PairCounts, ScorerPair, ScorerQuality, TrainScorerInput, TrainScorerResult
from models.student.model import LanguageModel, Student
from models.student.once_files import OnceFiles
from models.student.progress import Progress
from models.student.score_tokens import Reading, encode_prompt, read_scores, score_tokens
from models.student.steps import Batch, Steps, forget_state


@dataclass(frozen=True)
class Pair:
    """A pair, its prompt in tokens."""

    id: str
    origin: str
    score: float
    prompt: list[int]

    @property
    def whole(self) -> int:
        """The score that is trained on: the nearest, halves upward."""
        return math.floor(self.score + 0.5)


def train_scorer(student: Student, store: Store, asked: TrainScorerInput, progress: Progress) -> TrainScorerResult:
    """Does what is not in the store yet, and returns the result. Raises `StudentError`."""
    data.check_out(asked.out)
    files = OnceFiles(store, asked.out, fingerprint(asked))
    result = files.once("result.json", lambda: Training(student, files, asked, progress).run())
    forget_state(files)
    return TrainScorerResult.model_validate(result)


class Training:
    """The pairs, their split, and the steps in their order."""

    def __init__(self, student: Student, files: OnceFiles, asked: TrainScorerInput, progress: Progress) -> None:
        self.student, self.files, self.asked, self.progress = student, files, asked, progress
        self.reader = LanguageModel(asked.student.model, student.model, student.tokenizer, student.device)
        self.tokens = [ids[0] for ids in score_tokens(student.tokenizer)]
        pairs = [self.encoded(row) for row in data.rows(files.store, asked.pairs, ScorerPair)]
        fitting = [pair for pair in pairs if len(pair.prompt) < asked.student.max_tokens]
        self.too_long = len(pairs) - len(fitting)
        self.trained, self.held_out = split(fitting, asked)
        self.steps = Steps(student, files, asked.student, progress, what="the scorer's loss")
        self.batches = [
            Batch(epoch, [self.with_score(pair) for pair in batch])
            for epoch in range(1, asked.epochs + 1)
            for batch in batches(self.trained, asked, epoch)
        ]

    def run(self) -> dict[str, Any]:
        """All of it; its parts that are in the store already are taken from there."""
        started = time.monotonic()
        initial = first_state(self.student.initial_weights(self.asked.seed))
        before = self.quality("heldout-before", initial.weights)
        state = self.steps.run(initial, self.batches)
        files = self.student.adapter_files(state.weights).items()
        refs = [self.files.put_once(name, written) for name, written in files]
        after = self.quality("heldout-after", state.weights)
        return TrainScorerResult(
            adapter=refs[0],
            before=before,
            after=after,
            pairs=PairCounts(trained=len(self.trained), held_out=len(self.held_out), too_long=self.too_long),
            device=self.student.device.type,
            seconds=round(time.monotonic() - started, 3),
        ).wire()

    def encoded(self, row: ScorerPair) -> Pair:
        """The pair with its prompt in tokens."""
        return Pair(row.id, row.origin, row.score, encode_prompt(self.student.tokenizer, row.prompt))

    def with_score(self, pair: Pair) -> Encoded:
        """What is trained on: the score's token after the prompt."""
        return Encoded(ids=[*pair.prompt, self.tokens[pair.whole - 1]], answer_length=1)

    def quality(self, name: str, weights: torch.Tensor) -> ScorerQuality:
        """What these weights say about the held-out pairs, measured once."""

        def measure() -> dict[str, Any]:
            def between(done: int) -> None:
                self.progress.at(name, batch=done, of=len(self.held_out))

            self.student.load(weights)
            readings = read_scores(self.reader, [pair.prompt for pair in self.held_out], between)
            return quality(self.held_out, readings).wire()

        return ScorerQuality.model_validate(self.files.once(f"{name}.json", measure))


def split(pairs: Sequence[Pair], asked: TrainScorerInput) -> tuple[list[Pair], list[Pair]]:
    """What is trained on and what is held out, in the input's order: whole origins, drawn by the seed."""
    origins = sorted({pair.origin for pair in pairs}, key=lambda origin: draw(asked.seed, "held out", origin))
    if len(origins) < 2:
        raise StudentError(
            "InvalidInput",
            f"{asked.pairs.uri}: pairs of {len(origins)} origins that fit in student.maxTokens; at least 2 are needed, "
            "one to train on and one to hold out",
        )
    count = min(max(1, round(asked.held_out_share * len(origins))), len(origins) - 1)
    held_out = set(origins[:count])
    return (
        [pair for pair in pairs if pair.origin not in held_out],
        [pair for pair in pairs if pair.origin in held_out],
    )


def batches(pairs: Sequence[Pair], asked: TrainScorerInput, epoch: int) -> list[list[Pair]]:
    """One epoch's batches; the order follows from the seed, the epoch and the pairs' ids."""
    ordered = sorted(pairs, key=lambda pair: draw(asked.seed, f"epoch {epoch}", pair.id))
    return [ordered[start : start + asked.batch_size] for start in range(0, len(ordered), asked.batch_size)]


def draw(seed: int, purpose: str, name: str) -> bytes:
    """By which names are put in an order that nobody can foresee and everybody can repeat."""
    return hashlib.sha256(compact([seed, purpose, name]).encode()).digest()


def quality(pairs: Sequence[Pair], readings: Sequence[Reading]) -> ScorerQuality:
    """How near the readings are to the pairs' scores; figures in 6 significant digits."""
    both = list(zip(pairs, readings, strict=True))
    losses = [-reading.log_probabilities[pair.whole - 1] for pair, reading in both]
    errors = [abs(reading.expected - pair.score) for pair, reading in both]
    variants: dict[str, list[tuple[float, float]]] = {}
    for pair, reading in both:
        variants.setdefault(pair.origin, []).append((pair.score, reading.expected))
    right = [
        (score - other) * (said - told) > 0
        for together in variants.values()
        for (score, said), (other, told) in combinations(together, 2)
        if score != other
    ]
    return ScorerQuality(
        loss=digits(math.fsum(losses) / len(both)),
        mean_absolute_error=digits(math.fsum(errors) / len(both)),
        ordered=digits(sum(right) / len(right)) if right else None,
    )


def fingerprint(asked: TrainScorerInput) -> str:
    """Everything that the scorer depends on, and nothing else."""
    wire = asked.wire()
    settings = [wire[key] for key in ("student", "epochs", "batchSize", "heldOutShare", "seed")]
    return sha256(compact([wire["pairs"]["sha256"], *settings]).encode())
