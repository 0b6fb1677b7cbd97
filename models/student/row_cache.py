"""What the student has found out about texts, at the store's root, by content: no run computes the same text again.

embeddings/<setting>/4f/<block>.npy         up to 256 texts' values, a row of float32 each; the first writer wins
embeddings/<setting>/4f/<block>.rows.json   which texts' they are; written last: without it the other is not looked at

<setting> is the SHA-256 of all that the values depend on besides the text, <block> that of its texts' keys.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.store import Store
from models.student import data, vectors
from models.student.data import compact, sha256
from models.student.errors import StudentError
from models.student.messages import Message, String, parse
from models.student.progress import Progress

BLOCK_ROWS = 256
"""Computed together and stored together: what a killed worker may lose."""
CACHES_KEPT = 4
"""Indexes in a worker's memory, about 60 MB each with 300,000 texts."""
VALUES, INDEX = ".npy", ".rows.json"


@dataclass(frozen=True)
class Values:
    """A row of float32 for each text, and which texts were longer than they may be."""

    rows: np.ndarray
    too_long: Sequence[bool]


Compute = Callable[[list[int], Callable[[int], None]], Values]
"""The values of the texts at these places. Before each pass the second argument is told how many are done."""


class BlockIndex(Message):
    """Which texts a block has, in its order, by their keys; the places of those that were too long; its file's hash."""

    rows: list[String]
    too_long: list[int]
    sha256: String


class RowCaches:
    """A worker's caches; those that it used last stay in memory."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.kept: dict[str, RowCache] = {}

    def of(self, kind: str, setting: list[Any], width: int) -> "RowCache":
        """The cache of one setting; `width` is how many values a text has."""
        folder = f"{kind}/{sha256(compact(setting).encode())}"
        cache = self.kept.pop(folder, None) or RowCache(self.store, folder, width)
        self.kept[folder] = cache
        if len(self.kept) > CACHES_KEPT:
            del self.kept[next(iter(self.kept))]
        return cache


class RowCache:
    """The values of texts under one setting."""

    def __init__(self, store: Store, folder: str, width: int) -> None:
        self.store, self.folder, self.width = store, folder, width
        self.blocks: dict[str, BlockIndex] = {}
        self.found: dict[str, tuple[str, int]] = {}

    def fill(self, keys: Sequence[str], compute: Compute, progress: Progress, phase: str) -> Values:
        """The values of all texts, in order; those that are not stored are computed and stored, each text once.

        `keys` are hashes of the texts. Raises `StudentError` when a stored block is damaged.
        """
        self.refresh(progress)
        missing: dict[str, int] = {}
        for place, key in enumerate(keys):
            if key not in self.found:
                missing.setdefault(key, place)
        places = list(missing.values())
        for start in range(0, len(places), BLOCK_ROWS):
            block = places[start : start + BLOCK_ROWS]
            before = len(keys) - len(places) + start

            def between(done: int, before: int = before) -> None:
                progress.at(phase, batch=before + done, of=len(keys))

            self.add([keys[place] for place in block], compute(block, between))
        return self.gather(keys, progress)

    def refresh(self, progress: Progress) -> None:
        """Reads the index of the blocks that this worker does not know yet."""
        names = self.store.list(self.folder)
        valued = {name.removesuffix(VALUES) for name in names if name.endswith(VALUES)}
        listed = [name.removesuffix(INDEX) for name in names if name.endswith(INDEX)]
        whole = [name for name in listed if name in valued]
        if not self.blocks.keys() <= set(whole):  # somebody has removed one, as a failure's message says
            self.blocks, self.found = {}, {}
        new = [name for name in whole if name not in self.blocks]
        for place, name in enumerate(new):
            progress.at("reading what is known", batch=place, of=len(new))
            self.learn(name, self.read_index(name))

    def read_index(self, name: str) -> BlockIndex:
        """A block's index. Raises `StudentError` when it is damaged."""
        where = f"{name}{INDEX}"
        try:
            value = json.loads(data.read_named(self.store, where))
        except ValueError as error:
            raise StudentError("CorruptData", f"{where}: not JSON: {error}: remove it") from error
        index = parse(BlockIndex, value, kind="CorruptData", where=f"{where}: remove it")
        if self.name(index.rows) != name:
            raise StudentError("CorruptData", f"{where} has not the rows of its name: remove it")
        return index

    def add(self, keys: list[str], values: Values) -> None:
        """Stores a block; the values of whoever stored the same one before count."""
        name = self.name(keys)
        self.store.create(f"{name}{VALUES}", vectors.to_bytes(values.rows))
        stored = data.read_named(self.store, f"{name}{VALUES}")
        vectors.from_bytes(stored, name=f"{name}{VALUES}", rows=len(keys), dims=self.width)
        too_long = [place for place, longer in enumerate(values.too_long) if longer]
        index = BlockIndex(rows=keys, too_long=too_long, sha256=sha256(stored))
        self.store.write(f"{name}{INDEX}", f"{compact(index.wire())}\n".encode())
        self.learn(name, index)

    def learn(self, name: str, index: BlockIndex) -> None:
        """Remembers where its texts' values lie. Of a text that two workers computed, the first found counts."""
        self.blocks[name] = index
        for place, key in enumerate(index.rows):
            self.found.setdefault(key, (name, place))

    def gather(self, keys: Sequence[str], progress: Progress) -> Values:
        """The stored values; every block is read once."""
        wanted: dict[str, list[tuple[int, int]]] = {}
        for place, key in enumerate(keys):
            name, there = self.found[key]
            wanted.setdefault(name, []).append((place, there))
        rows = np.empty((len(keys), self.width), dtype="<f4")
        too_long = [False] * len(keys)
        for read, (name, places) in enumerate(wanted.items()):
            progress.at("reading what is known", batch=read, of=len(wanted))
            values, longer = self.read(name), set(self.blocks[name].too_long)
            for place, there in places:
                rows[place] = values[there]
                too_long[place] = there in longer
        return Values(rows, too_long)

    def read(self, name: str) -> np.ndarray:
        """A block's values. Raises `StudentError` when they are not those that were stored."""
        index, where = self.blocks[name], f"{name}{VALUES}"
        stored = data.read_named(self.store, where)
        found = vectors.from_bytes(stored, name=where, rows=len(index.rows), dims=self.width)
        if sha256(stored) != index.sha256:
            raise StudentError("CorruptData", f"{where} is not what was stored, by its SHA-256: remove it")
        return found

    def name(self, keys: list[str]) -> str:
        """A block's name in the store, without an ending."""
        block = sha256(compact(keys).encode())
        return f"{self.folder}/{block[:2]}/{block}"
