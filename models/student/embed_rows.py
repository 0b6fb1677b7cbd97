"""`embedRows`: a vector per conversation, as DEITA has them (arXiv 2312.15685, section 2.4).

The authors' embedder (hkust-nlp/deita) puts the whole conversation in the model's format, cuts its end off after 2,048
tokens and takes the final layer's state of the last token. The mean over all tokens is ours.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from models.store import Store
from models.student import data, vectors
from models.student.data import compact, sha256
from models.student.errors import StudentError
from models.student.examples import encode_conversation
from models.student.identity import identity
from models.student.messages import ConversationRow, EmbedRowsInput, EmbedRowsResult, Ref
from models.student.model import LanguageModel
from models.student.progress import Progress
from models.student.reading import last_states, read_grouped

BLOCK_ROWS = 256
"""Computed and cached together; the same rows in the same order, cut at another place, are other blocks."""
FORM = 1
"""Counted up when other vectors would come from the same model and texts."""


def embed_rows(model: LanguageModel, store: Store, asked: EmbedRowsInput, progress: Progress) -> EmbedRowsResult:
    """Embeds what no run of this store has embedded yet. Raises `StudentError`."""
    started = time.monotonic()
    data.check_out(asked.out)
    lines = data.lines(store, asked.rows)
    for number, line in enumerate(lines, start=1):
        data.row(ConversationRow, line, asked.rows, number)  # a wrong row shows before any is paid for
    embedder = Embedder(model, identity(model), store, asked, progress)
    parts, truncated = [vectors.header(len(lines), embedder.dims)], 0
    for start in range(0, len(lines), BLOCK_ROWS):
        progress.at("embedding", batch=start, of=len(lines))
        block = lines[start : start + BLOCK_ROWS]
        rows = [data.row(ConversationRow, line, asked.rows, start + place) for place, line in enumerate(block, start=1)]
        found = embedder.block(rows, start, len(lines))
        parts.append(vectors.body(found.vectors))
        truncated += found.truncated
    progress.at("writing", batch=len(lines), of=len(lines))
    written = b"".join(parts)
    store.write(asked.out, written)
    return EmbedRowsResult(
        vectors=Ref(uri=asked.out, sha256=sha256(written), count=len(lines)),
        dims=embedder.dims,
        truncated=truncated,
        device=model.device.type,
        seconds=round(time.monotonic() - started, 3),
    )


@dataclass(frozen=True)
class Block:
    """Vectors of some rows, and how many of these were longer than `maxTokens`."""

    vectors: np.ndarray
    truncated: int


@dataclass(frozen=True)
class Embedder:
    """A model, and the cache that it has in this store.

    embeddings/4f/<hash>.json   {"truncated": 3}
    embeddings/4f/<hash>.npy    written last: where it is, the other is too
    """

    model: LanguageModel
    identity: str
    store: Store
    asked: EmbedRowsInput
    progress: Progress

    @property
    def dims(self) -> int:
        """How long a vector is."""
        return self.model.model.config.get_text_config().hidden_size

    def block(self, rows: Sequence[ConversationRow], start: int, of: int) -> Block:
        """The rows' vectors, from the cache or into it."""
        key = self.key(rows)
        name = f"embeddings/{key[:2]}/{key}"
        stored = self.store.read(f"{name}.npy")
        if stored is None:
            found, truncated = self.compute(rows, start, of)
            self.store.create(f"{name}.json", f"{compact({'truncated': truncated})}\n".encode())
            self.store.create(f"{name}.npy", vectors.to_bytes(found))
            stored = data.read_named(self.store, f"{name}.npy")  # another worker's, where that was faster
        about = json.loads(data.read_named(self.store, f"{name}.json"))
        found = vectors.from_bytes(stored, name=f"{name}.npy", rows=len(rows), dims=self.dims)
        return Block(found, about["truncated"])

    def key(self, rows: Sequence[ConversationRow]) -> str:
        """Of all that the vectors depend on; ids are not part of it."""
        how = [FORM, self.identity, self.asked.pooling, self.asked.max_tokens]
        texts = [[[turn.instruction, turn.response] for turn in row.turns] for row in rows]
        return sha256(compact([*how, texts]).encode())

    def compute(self, rows: Sequence[ConversationRow], start: int, of: int) -> tuple[np.ndarray, int]:
        """The rows' vectors, and how many rows were too long."""
        limit = self.asked.max_tokens
        ids = [encode_conversation(self.model.tokenizer, row.turns) for row in rows]

        def between(done: int) -> None:
            self.progress.at("embedding", batch=start + done, of=of)

        pooled = read_grouped(self.model.device, [row[:limit] for row in ids], self.pool, between)
        for row, vector in zip(rows, pooled, strict=True):
            if not vector.isfinite().all():
                raise StudentError("NonFiniteLoss", f"{self.model.name} has no finite vector for row {row.id}")
        return torch.stack(pooled).numpy(), sum(len(row) > limit for row in ids)

    def pool(self, ids: list[list[int]]) -> list[torch.Tensor]:
        """One vector per text."""
        states = last_states(self.model, ids)
        if self.asked.pooling == "last":
            return [row[-1].float().cpu() for row in states]
        return [row.float().mean(0).cpu() for row in states]
