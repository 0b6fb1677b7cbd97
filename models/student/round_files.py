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

import json
from collections.abc import Sequence
from typing import Any

from models.store import Store
from models.student import data
from models.student.data import compact, sha256
from models.student.errors import StudentError
from models.student.messages import HeldOutRow, Message, Ref, TrainingBatch, TrainRoundInput
from models.student.once_files import OnceFiles


class RoundFiles(OnceFiles):
    """A round's part of the store."""

    def __init__(self, store: Store, asked: TrainRoundInput) -> None:
        self.asked = asked
        self.round = round_folder(asked, asked.round)
        super().__init__(store, f"{self.round}/student", fingerprint(asked))

    def batches(self) -> list[TrainingBatch]:
        """The round's batches, in training order."""
        return data.rows(self.store, self.asked.batches, TrainingBatch)

    def held_out(self) -> tuple[list[HeldOutRow], list[HeldOutRow]]:
        """The steering half and the reporting half."""
        rows = data.rows(self.store, self.asked.held_out, HeldOutRow)
        steering = [row for row in rows if row.half == "steering"]
        reporting = [row for row in rows if row.half == "reporting"]
        if len(steering) < 2 or not reporting:
            raise StudentError(
                "InvalidInput",
                f"{self.asked.held_out.uri}: {len(steering)} steering and {len(reporting)} reporting rows; "
                "at least 2 and 1 are needed: give more held-out tasks",
            )
        return steering, reporting

    def write_signal(self, rows: Sequence[Message]) -> Ref:
        """`signal.jsonl`, which follows from the stored signals alone."""
        text = "".join(compact(row.wire()) + "\n" for row in rows).encode()
        path = f"{self.round}/signal.jsonl"
        self.store.write(path, text)
        return Ref(uri=path, sha256=sha256(text), count=len(rows))

    def earlier_losses(self, checkpoint: Ref | None) -> dict[str, Any] | None:
        """The previous round's last held-out losses when they are of this checkpoint and this held-out set."""
        stored = self.store.read(f"{round_folder(self.asked, self.asked.round - 1)}/student/heldout-after.json")
        if stored is None:
            return None
        losses = json.loads(stored)["losses"]
        same = {"heldOut": self.asked.held_out.sha256, "checkpoint": checkpoint and checkpoint.sha256}
        return losses if all(losses[key] == value for key, value in same.items()) else None


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
