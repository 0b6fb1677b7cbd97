"""What a round reads and leaves in the store.

<run>/rounds/003/student/heldout-before.json     losses of the held-out rows at the snapshot
<run>/rounds/003/student/signal/<batch>.json     first writer wins, never measured again
<run>/rounds/003/student/state.safetensors       after every batch; where a killed worker goes on
<run>/rounds/003/student/checkpoint.safetensors  after the last batch: what the next round starts from
<run>/rounds/003/student/adapter/…               the adapter as peft writes it
<run>/rounds/003/student/heldout-after.json
<run>/rounds/003/student/result.json             what the activity returned
<run>/rounds/003/signal.jsonl
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from models.store import Store
from models.student.errors import StudentError
from models.student.messages import HeldOutRow, Message, Ref, TrainingBatch, TrainRoundInput, parse

M = TypeVar("M", bound=Message)


class RoundFiles:
    """A round's part of the store. Everything final is written once: whoever comes second gets the first's bytes."""

    def __init__(self, store: Store, asked: TrainRoundInput) -> None:
        self.store = store
        self.asked = asked
        self.folder = round_folder(asked, asked.round)
        self.student = f"{self.folder}/student"
        self.input = fingerprint(asked)

    def check_store(self) -> None:
        """Raises `StudentError` (retryable) when this worker's store is not the run's."""
        found = self.store.read("store-id")
        if found is None or found.decode().strip() != self.asked.run.store_id:
            what = "is another store (its store-id differs)" if found else "has no store-id"
            raise StudentError(
                "WrongStore",
                f"the run's data lies in {self.asked.run.store_url}; this student worker uses {self.store.url}, "
                f"which {what}: start the worker with SEEDMILL_STORE={self.asked.run.store_url}",
                retryable=True,
                runStore=self.asked.run.store_url,
                workerStore=self.store.url,
            )

    def read(self, ref: Ref) -> bytes:
        """The bytes of a reference, checked. Raises `StudentError` when they are missing or others."""
        data = self.store.read(ref.uri)
        if data is None:
            raise StudentError("MissingData", f"{ref.uri} is not in {self.store.url}")
        if (found := sha256(data)) != ref.sha256:
            raise StudentError(
                "CorruptData", f"{ref.uri} in {self.store.url} has SHA-256 {found}, its reference says {ref.sha256}"
            )
        return data

    def batches(self) -> list[TrainingBatch]:
        """The round's batches, in training order."""
        return self._rows(self.asked.batches, TrainingBatch)

    def held_out(self) -> tuple[list[HeldOutRow], list[HeldOutRow]]:
        """The steering half and the reporting half."""
        rows = self._rows(self.asked.held_out, HeldOutRow)
        steering = [row for row in rows if row.half == "steering"]
        reporting = [row for row in rows if row.half == "reporting"]
        if len(steering) < 2 or not reporting:
            raise StudentError(
                "InvalidInput",
                f"{self.asked.held_out.uri}: {len(steering)} steering and {len(reporting)} reporting rows; "
                "at least 2 and 1 are needed: give more held-out tasks",
            )
        return steering, reporting

    def once(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The value stored under `student/<name>`, made and stored when there is none; the first writer wins."""
        path = f"{self.student}/{name}"
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
        """Raises `StudentError` when a file of this round was made from other input."""
        if found != self.input:
            raise StudentError(
                "InputChanged",
                f"{path} was made from other batches, settings or seed than are now asked for: "
                "a round's input never changes; start a new run",
            )

    def put_once(self, name: str, data: bytes) -> Ref:
        """Stores final bytes below the student's folder and returns the reference of those that are there."""
        path = f"{self.student}/{name}"
        if not self.store.create(path, data):
            data = self.store.read(path) or data
        return Ref(uri=path, sha256=sha256(data), count=1)

    def write_signal(self, rows: Sequence[Message]) -> Ref:
        """`signal.jsonl`, which follows from the stored signals alone."""
        data = "".join(compact(row.wire()) + "\n" for row in rows).encode()
        path = f"{self.folder}/signal.jsonl"
        self.store.write(path, data)
        return Ref(uri=path, sha256=sha256(data), count=len(rows))

    def earlier_losses(self, checkpoint: Ref | None) -> dict[str, Any] | None:
        """The previous round's last held-out losses when they are of this checkpoint and this held-out set."""
        stored = self.store.read(f"{round_folder(self.asked, self.asked.round - 1)}/student/heldout-after.json")
        if stored is None:
            return None
        losses = json.loads(stored)["losses"]
        same = {"heldOut": self.asked.held_out.sha256, "checkpoint": checkpoint and checkpoint.sha256}
        return losses if all(losses[key] == value for key, value in same.items()) else None

    def _rows(self, ref: Ref, cls: type[M]) -> list[M]:
        lines = [line for line in self.read(ref).split(b"\n") if line]
        if len(lines) != ref.count:
            raise StudentError("CorruptData", f"{ref.uri} has {len(lines)} rows, its reference says {ref.count}")
        rows = []
        for number, line in enumerate(lines, start=1):
            where = f"{ref.uri}:{number}"
            try:
                value = json.loads(line)
            except ValueError as error:
                raise StudentError("CorruptData", f"{where}: not JSON: {error}") from error
            rows.append(parse(cls, value, kind="CorruptData", where=where))
        return rows


def round_folder(asked: TrainRoundInput, number: int) -> str:
    """For example `quickstart-a1b2/rounds/003`."""
    return f"{asked.run.run_id}/rounds/{number:03d}"


def fingerprint(asked: TrainRoundInput) -> str:
    """Which input a round has: everything that its numbers depend on, and nothing else."""
    wire = asked.wire()
    depends = {key: wire[key] for key in ("round", "student", "signal", "instructionSignal", "seed")}
    for key in ("batches", "heldOut", "previous"):
        depends[key] = wire[key] and wire[key]["sha256"]
    return sha256(compact(depends).encode())


def sha256(data: bytes) -> str:
    """Hex."""
    return hashlib.sha256(data).hexdigest()


def compact(value: Any) -> str:
    """One line of JSON as JavaScript writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
