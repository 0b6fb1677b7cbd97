"""A folder of the store in which one piece of work, with one input, leaves what it has done."""

import json
from collections.abc import Callable
from typing import Any

from models.store import Store
from models.student.data import sha256
from models.student.errors import StudentError
from models.student.messages import Ref


class OnceFiles:
    """Everything final is written once: whoever comes second gets the first's bytes."""

    def __init__(self, store: Store, folder: str, input_hash: str) -> None:
        self.store = store
        self.folder = folder
        self.input = input_hash

    def once(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The value stored under this name, made and stored when there is none; the first writer wins."""
        path = f"{self.folder}/{name}"
        stored = self.store.read(path)
        if stored is None:
            text = json.dumps({"input": self.input, **make()}, ensure_ascii=False, allow_nan=False)
            if self.store.create(path, f"{text}\n".encode()):
                return {key: value for key, value in json.loads(text).items() if key != "input"}
            stored = self.store.read(path) or b""
        value = json.loads(stored)
        self.check_input(value.pop("input"), path)
        return value

    def check_input(self, found: str, path: str) -> None:
        """Raises `StudentError` when a file was made from other input."""
        if found != self.input:
            raise StudentError(
                "InputChanged",
                f"{path} was made from other data, settings or seed than are now asked for: "
                "what has begun keeps its input; start a new run",
            )

    def put_once(self, name: str, data: bytes) -> Ref:
        """Stores final bytes and returns the reference of those that are there."""
        path = f"{self.folder}/{name}"
        if not self.store.create(path, data):
            data = self.store.read(path) or data
        return Ref(uri=path, sha256=sha256(data), count=1)
