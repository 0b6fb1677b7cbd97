"""Rounds of tiny data: short rows, so that a real round of the real small model takes seconds."""

import json
from pathlib import Path
from typing import Any

from models.store import FileStore
from models.student.data import sha256
from models.student.messages import Ref, StudentSettings, TrainRoundInput
from models.student.model import Student
from models.student.progress import Progress
from models.student.round_files import RoundFiles
from models.student.train_round import train_round

STORE_ID = "7e57"
SETTINGS = StudentSettings(
    model="smollm2-135m",
    device="cpu",
    lora_rank=2,
    lora_alpha=4.0,
    learning_rate=1e-3,
    warmup_steps=1,
    max_tokens=48,
)

EXAMPLES = [
    {"id": "e1", "instruction": "Name a river.", "input": "", "output": "The Danube."},
    {"id": "e2", "instruction": "Add the numbers.", "input": "2, 3", "output": "5"},
    {"id": "e3", "instruction": "Say it in French.", "input": "good day", "output": "bonjour"},
    {"id": "e4", "instruction": "What is a hammer for?", "input": "", "output": "For driving nails."},
    {"id": "e5", "instruction": "Opposite of hot?", "input": "", "output": "Cold."},
]
BATCHES = [
    {"batch": "001-01", "examples": EXAMPLES[:2]},
    {"batch": "001-02", "examples": EXAMPLES[2:4]},
    {"batch": "001-03", "examples": EXAMPLES[4:]},
]
HELD_OUT = [
    {"id": "h1", "half": "steering", "instruction": "Name a lake.", "input": "", "output": "Lake Como."},
    {"id": "h2", "half": "steering", "instruction": "Say it in Spanish.", "input": "thanks", "output": "gracias"},
    {"id": "h3", "half": "reporting", "instruction": "Opposite of up?", "input": "", "output": "Down."},
]


class RoundMaker:
    """A store in a folder, and inputs for rounds in it."""

    def __init__(self, folder: Path) -> None:
        self.store = FileStore(folder)
        self.store.write("store-id", f"{STORE_ID}\n".encode())

    def rows(self, name: str, rows: list[dict[str, Any]]) -> Ref:
        """Stores rows as JSONL."""
        data = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
        self.store.write(name, data)
        return Ref(uri=name, sha256=sha256(data), count=len(rows))

    def message(self, *, batches: list = BATCHES, held_out: list = HELD_OUT, **changes: Any) -> dict[str, Any]:
        """A trainRound input as it comes over the wire; `student` changes single settings."""
        number = changes.get("round", 1)
        settings = {**SETTINGS.wire(), **changes.pop("student", {})}
        return {
            "run": {"runId": "t", "storeUrl": "file:///run", "storeId": STORE_ID},
            "round": number,
            "batches": self.rows(f"t/rounds/{number:03d}/batches.jsonl", batches).wire(),
            "heldOut": self.rows("t/heldout.jsonl", held_out).wire(),
            "previous": None,
            "student": settings,
            "signal": "train",
            "instructionSignal": "alignment",
            "seed": 7,
            **changes,
        }

    def files(self, store: Any = None, **changes: Any) -> RoundFiles:
        """The round's files, through another store object if given."""
        return RoundFiles(store or self.store, TrainRoundInput.model_validate(self.message(**changes)))

    def train(self, student: Student, **changes: Any) -> dict[str, Any]:
        """Trains a round and returns its result as it goes over the wire."""
        return train_round(student, self.files(**changes), Progress()).wire()

    def json(self, name: str) -> Any:
        """A stored JSON value."""
        return json.loads(self.store.read(name) or b"null")

    def signals(self, number: int = 1) -> list[dict[str, Any]]:
        """The rows of a round's signal.jsonl."""
        lines = (self.store.read(f"t/rounds/{number:03d}/signal.jsonl") or b"").split(b"\n")
        return [json.loads(line) for line in lines if line]

    def bytes(self) -> dict[str, bytes | None]:
        """Everything that a round leaves and that must be the same each time: all but the time it took."""
        names = [name for name in self.store.list("t") if not name.endswith("result.json")]
        return {name: self.store.read(name) for name in names}
