"""`scoreRows`: the expected score of every prompt; what any run of the store has scored is not read again."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from models.student import data
from models.student.data import compact, sha256
from models.student.figures import digits
from models.student.identity import identity
from models.student.messages import PromptRow, PromptScores, Ref, ScoreRowsInput, ScoreRowsResult
from models.student.model import LanguageModel
from models.student.progress import Progress
from models.student.row_cache import RowCaches, Values
from models.student.score_tokens import encode_prompt, read_scores

FORM = 1
"""Counted up when other scores would come from the same model and prompts."""
ENOUGH = 0.95
"""Of the probability must lie on the six scores; what lies elsewhere could have gone anywhere (ours)."""


def score_rows(model: LanguageModel, caches: RowCaches, asked: ScoreRowsInput, progress: Progress) -> ScoreRowsResult:
    """Scores the prompts that no run of this store has scored yet; progress counts prompts. Raises `StudentError`."""
    started = time.monotonic()
    data.check_out(asked.out)
    rows = data.rows(caches.store, asked.rows, PromptRow)
    prompts = [prompt for row in rows for prompt in row.prompts]
    found = caches.of("student-scores", setting(model, asked), 2).fill(
        [sha256(prompt.encode()) for prompt in prompts],
        lambda places, between: measure(model, [prompts[place] for place in places], asked.max_tokens, between),
        progress,
        "scoring",
    )
    progress.at("writing", batch=len(prompts), of=len(prompts))
    scores, masses = scores_and_masses(found)
    scored, place = [], 0
    for row in rows:
        turns = slice(place, place := place + len(row.prompts))
        scored.append(PromptScores(id=row.id, scores=scores[turns], masses=masses[turns]))
    written = "".join(f"{compact(row.wire())}\n" for row in scored).encode()
    caches.store.write(asked.out, written)
    return ScoreRowsResult(
        scores=Ref(uri=asked.out, sha256=sha256(written), count=len(rows)),
        missing=scores.count(None),
        too_long=sum(found.too_long),
        device=model.device.type,
        seconds=round(time.monotonic() - started, 3),
    )


def setting(model: LanguageModel, asked: ScoreRowsInput) -> list[str | int | None]:
    """All that a score depends on besides the prompt."""
    return [FORM, identity(model), asked.adapter and asked.adapter.sha256, asked.max_tokens]


def measure(model: LanguageModel, prompts: Sequence[str], max_tokens: int, between: Callable[[int], None]) -> Values:
    """Expected score and mass of each prompt, in 6 significant digits, which float32 holds; 0 and 0 of one too long."""
    ids = [encode_prompt(model.tokenizer, prompt) for prompt in prompts]
    fits = [place for place, prompt in enumerate(ids) if len(prompt) <= max_tokens]
    found = np.zeros((len(ids), 2), dtype="<f4")
    for place, reading in zip(fits, read_scores(model, [ids[place] for place in fits], between), strict=True):
        found[place] = digits(reading.expected), digits(reading.mass)
    return Values(found, [len(prompt) > max_tokens for prompt in ids])


def scores_and_masses(found: Values) -> tuple[list[float | None], list[float]]:
    """What is reported of each prompt: no score where too little of the probability lies on the six."""
    pairs: list[list[float]] = found.rows.tolist()
    masses = [digits(mass) for _, mass in pairs]
    return [digits(pairs[place][0]) if mass >= ENOUGH else None for place, mass in enumerate(masses)], masses
