"""`embedRows`: a vector per conversation, as DEITA has them (arXiv 2312.15685, section 2.4).

The authors' embedder (hkust-nlp/deita) puts the whole conversation in the model's format, cuts its end off after 2,048
tokens and takes the final layer's state of the last token. The mean over all tokens is ours.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from models.student import data, vectors
from models.student.data import compact, sha256
from models.student.errors import StudentError
from models.student.examples import encode_conversation
from models.student.identity import identity
from models.student.messages import ConversationRow, EmbedRowsInput, EmbedRowsResult, Ref
from models.student.model import LanguageModel
from models.student.progress import Progress
from models.student.reading import last_states, read_grouped
from models.student.row_cache import RowCaches, Values

FORM = 1
"""Counted up when other vectors would come from the same model and texts."""


def embed_rows(model: LanguageModel, caches: RowCaches, asked: EmbedRowsInput, progress: Progress) -> EmbedRowsResult:
    """Embeds what no run of this store has embedded yet. Raises `StudentError`."""
    started = time.monotonic()
    data.check_out(asked.out)
    lines = data.lines(caches.store, asked.rows)

    def row(place: int) -> ConversationRow:
        return data.row(ConversationRow, lines[place], asked.rows, place + 1)

    keys = [key(row(place)) for place in range(len(lines))]  # a wrong row shows before any is paid for
    embedder = Embedder(model, asked)
    cache = caches.of("embeddings", embedder.setting(), embedder.dims)
    found = cache.fill(
        keys,
        lambda places, between: embedder.compute([row(place) for place in places], between),
        progress,
        "embedding",
    )
    progress.at("writing", batch=len(lines), of=len(lines))
    written = vectors.to_bytes(found.rows)
    caches.store.write(asked.out, written)
    return EmbedRowsResult(
        vectors=Ref(uri=asked.out, sha256=sha256(written), count=len(lines)),
        dims=embedder.dims,
        truncated=sum(found.too_long),
        device=model.device.type,
        seconds=round(time.monotonic() - started, 3),
    )


def key(row: ConversationRow) -> str:
    """Of what was said; the id is not part of it."""
    return sha256(compact([[turn.instruction, turn.response] for turn in row.turns]).encode())


@dataclass(frozen=True)
class Embedder:
    """A model, and how it is to be asked."""

    model: LanguageModel
    asked: EmbedRowsInput

    @property
    def dims(self) -> int:
        """How long a vector is."""
        return self.model.model.config.get_text_config().hidden_size

    def setting(self) -> list[str | int]:
        """All that a vector depends on besides the text."""
        return [FORM, identity(self.model), self.asked.pooling, self.asked.max_tokens]

    def compute(self, rows: Sequence[ConversationRow], between: Callable[[int], None]) -> Values:
        """The rows' vectors, and which rows were too long."""
        limit = self.asked.max_tokens
        ids = [encode_conversation(self.model.tokenizer, row.turns) for row in rows]
        pooled = read_grouped(self.model.device, [row[:limit] for row in ids], self.pool, between)
        for row, vector in zip(rows, pooled, strict=True):
            if not vector.isfinite().all():
                raise StudentError("NonFiniteLoss", f"{self.model.name} has no finite vector for row {row.id}")
        return Values(torch.stack(pooled).numpy(), [len(row) > limit for row in ids])

    def pool(self, ids: list[list[int]]) -> list[torch.Tensor]:
        """One vector per text."""
        states = last_states(self.model, ids)
        if self.asked.pooling == "last":
            return [row[-1].float().cpu() for row in states]
        return [row.float().mean(0).cpu() for row in states]
