"""`scoreRows`: the expected score of every prompt, block by block, so that a killed worker goes on with the next.

<out>                        the scores, once all are there
<out>.work/part-000000.json  a block's; first writer wins; they go when the work is done
<out>.work/result.json       what the activity returned
"""

import time
from collections.abc import Sequence
from typing import Any

from models.store import Store
from models.student import data
from models.student.data import compact, sha256
from models.student.figures import digits
from models.student.messages import PromptRow, PromptScores, Ref, ScoreRowsInput, ScoreRowsResult
from models.student.model import LanguageModel
from models.student.once_files import OnceFiles
from models.student.progress import Progress
from models.student.score_tokens import encode_prompt, read_scores

BLOCK_ROWS = 64
ENOUGH = 0.95
"""Of the probability must lie on the six scores; what lies elsewhere could have gone anywhere (ours)."""


def score_rows(model: LanguageModel, store: Store, asked: ScoreRowsInput, progress: Progress) -> ScoreRowsResult:
    """Scores what is not in the store yet, and returns the result. Raises `StudentError`."""
    data.check_out(asked.out)
    scoring = Scoring(model, OnceFiles(store, f"{asked.out}.work", fingerprint(asked)), asked, progress)
    result = scoring.files.once("result.json", scoring.run)
    for name in store.list(scoring.files.folder):
        if "/part-" in name:
            store.remove(name)
    return ScoreRowsResult.model_validate(result)


class Scoring:
    """The rows, and the blocks in their order."""

    def __init__(self, model: LanguageModel, files: OnceFiles, asked: ScoreRowsInput, progress: Progress) -> None:
        self.model, self.files, self.asked, self.progress = model, files, asked, progress

    def run(self) -> dict[str, Any]:
        """All blocks; those that are in the store already are taken from there."""
        started = time.monotonic()
        rows = data.rows(self.files.store, self.asked.rows, PromptRow)
        scored: list[PromptScores] = []
        too_long = 0
        for start in range(0, len(rows), BLOCK_ROWS):
            part = self.part(rows[start : start + BLOCK_ROWS], start, len(rows))
            scored += [PromptScores.model_validate(row) for row in part["rows"]]
            too_long += part["tooLong"]
        written = "".join(f"{compact(row.wire())}\n" for row in scored).encode()
        self.files.store.write(self.asked.out, written)
        return ScoreRowsResult(
            scores=Ref(uri=self.asked.out, sha256=sha256(written), count=len(scored)),
            missing=sum(score is None for row in scored for score in row.scores),
            too_long=too_long,
            device=self.model.device.type,
            seconds=round(time.monotonic() - started, 3),
        ).wire()

    def part(self, rows: Sequence[PromptRow], start: int, of: int) -> dict[str, Any]:
        """One block's scores, measured unless they are in the store."""
        return self.files.once(f"part-{start:08d}.json", lambda: self.measure(rows, start, of))

    def measure(self, rows: Sequence[PromptRow], start: int, of: int) -> dict[str, Any]:
        """The block's rows as `PromptScores`; progress is counted in rows."""
        ids = [encode_prompt(self.model.tokenizer, prompt) for row in rows for prompt in row.prompts]
        fits = [len(prompt) <= self.asked.max_tokens for prompt in ids]

        def between(done: int) -> None:
            self.progress.at("scoring", batch=start + done * len(rows) // len(ids), of=of)

        asked = [prompt for prompt, short in zip(ids, fits, strict=True) if short]
        readings = iter(read_scores(self.model, asked, between))
        found: list[tuple[float | None, float]] = []
        for short in fits:
            reading = next(readings) if short else None
            mass = reading.mass if reading else 0.0
            found.append((digits(reading.expected) if reading and mass >= ENOUGH else None, digits(mass)))
        scored, place = [], 0
        for row in rows:
            turns = found[place : (place := place + len(row.prompts))]
            scores, masses = [score for score, _ in turns], [mass for _, mass in turns]
            scored.append(PromptScores(id=row.id, scores=scores, masses=masses).wire())
        return {"rows": scored, "tooLong": fits.count(False)}


def fingerprint(asked: ScoreRowsInput) -> str:
    """Everything that the scores depend on, and nothing else."""
    wire = asked.wire()
    adapter = wire["adapter"] and wire["adapter"]["sha256"]
    return sha256(compact([wire["rows"]["sha256"], wire["student"], adapter, wire["maxTokens"]]).encode())
