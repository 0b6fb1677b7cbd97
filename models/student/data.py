"""What an activity is given: references into the store, checked, and their rows."""

import hashlib
import json
from typing import Any, TypeVar

from models.store import InvalidNameError, Store, check_name
from models.student.errors import StudentError
from models.student.messages import Message, Ref, RunContext, parse

M = TypeVar("M", bound=Message)


def check_store(store: Store, run: RunContext) -> None:
    """Raises `StudentError` (retryable) when this worker's store is not the run's."""
    found = store.read("store-id")
    if found is None or found.decode().strip() != run.store_id:
        what = "is another store (its store-id differs)" if found else "has no store-id"
        raise StudentError(
            "WrongStore",
            f"the run's data lies in {run.store_url}; this student worker uses {store.url}, "
            f"which {what}: start the worker with SEEDMILL_STORE={run.store_url}",
            retryable=True,
            runStore=run.store_url,
            workerStore=store.url,
        )


def check_out(name: str) -> str:
    """The name that results are to have, when a store takes it. Raises `StudentError` when not."""
    try:
        return check_name(name)
    except InvalidNameError as error:
        raise StudentError("InvalidInput", f"out: {error}") from error


def read(store: Store, ref: Ref) -> bytes:
    """The bytes of a reference, checked. Raises `StudentError` when they are missing or others."""
    data = read_named(store, ref.uri)
    if (found := sha256(data)) != ref.sha256:
        raise StudentError(
            "CorruptData", f"{ref.uri} in {store.url} has SHA-256 {found}, its reference says {ref.sha256}"
        )
    return data


def read_named(store: Store, name: str) -> bytes:
    """The bytes under a name that a message gives. Raises `StudentError` when there are none."""
    try:
        data = store.read(name)
    except InvalidNameError as error:
        raise StudentError("InvalidInput", str(error)) from error
    if data is None:
        raise StudentError("MissingData", f"{name} is not in {store.url}")
    return data


def lines(store: Store, ref: Ref) -> list[bytes]:
    """The lines of a JSONL file, as many as its reference says."""
    found = [line for line in read(store, ref).split(b"\n") if line]
    if len(found) != ref.count:
        raise StudentError("CorruptData", f"{ref.uri} has {len(found)} rows, its reference says {ref.count}")
    return found


def row(cls: type[M], line: bytes, ref: Ref, number: int) -> M:
    """A line's row. Raises `StudentError` that names file and line (`number`, from 1) when it is none."""
    where = f"{ref.uri}:{number}"
    try:
        value = json.loads(line)
    except ValueError as error:
        raise StudentError("CorruptData", f"{where}: not JSON: {error}") from error
    return parse(cls, value, kind="CorruptData", where=where)


def rows(store: Store, ref: Ref, cls: type[M]) -> list[M]:
    """All rows of a JSONL file."""
    return [row(cls, line, ref, number) for number, line in enumerate(lines(store, ref), start=1)]


def sha256(data: bytes) -> str:
    """Hex."""
    return hashlib.sha256(data).hexdigest()


def compact(value: Any) -> str:
    """One line of JSON as JavaScript writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
