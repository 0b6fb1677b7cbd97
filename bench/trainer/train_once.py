"""One training of a LoRA adapter on the same rows, by seedmill's student or a plain loop: tokens and seconds as JSON.

python train_once.py seedmill|plain ROWS.jsonl [MODEL]

The plain loop is what one writes with transformers and peft: AdamW, batches of 8 padded on the right, loss on the
answers' tokens. Both begin with the model loaded and one batch done, so that neither is timed while it warms up.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from models.store import FileStore
from models.student.adam import first_state
from models.student.examples import Encoded, encode
from models.student.messages import Example, StudentSettings
from models.student.model import Student, load_model, with_adapter
from models.student.once_files import OnceFiles
from models.student.progress import Progress
from models.student.steps import Batch, Steps

BATCH = 8


def batches(student: Student, file: str, settings: StudentSettings) -> list[list[Encoded]]:
    """The file's rows in tokens, eight by eight."""
    rows = [Example.model_validate(json.loads(line)) for line in Path(file).read_text().splitlines()]
    encoded = [encode(student.tokenizer, row, settings.max_tokens) for row in rows]
    return [encoded[start : start + BATCH] for start in range(0, len(encoded), BATCH)]


def by_seedmill(student: Student, given: list[list[Encoded]], settings: StudentSettings) -> float:
    """As the activity `trainRows` does it, its states on disk included."""
    with tempfile.TemporaryDirectory() as folder:
        store = FileStore(Path(folder))
        initial = first_state(student.initial_weights(seed=1))
        Steps(student, OnceFiles(store, "warm", "1"), settings, Progress(), "the loss").run(
            initial, [Batch(1, given[0])]
        )
        began = time.perf_counter()
        steps = Steps(student, OnceFiles(store, "timed", "1"), settings, Progress(), "the loss")
        steps.run(initial, [Batch(1, rows) for rows in given])
        return time.perf_counter() - began


def by_plain_loop(student: Student, given: list[list[Encoded]], settings: StudentSettings) -> float:
    """As one writes it without thinking of anything but the training."""
    student.load(student.initial_weights(seed=1))
    optimizer = torch.optim.AdamW(student.parameters, lr=settings.learning_rate, weight_decay=0.0)

    def train_on(rows: list[Encoded]) -> None:
        ids = pad_sequence([torch.tensor(row.ids) for row in rows], batch_first=True)
        mask = pad_sequence([torch.ones(len(row.ids), dtype=torch.long) for row in rows], batch_first=True)
        labels = torch.full_like(ids, -100)
        for at, row in enumerate(rows):
            labels[at, len(row.ids) - row.answer_length : len(row.ids)] = torch.tensor(row.ids[-row.answer_length :])
        ids, mask, labels = (tensor.to(student.device) for tensor in (ids, mask, labels))
        logits = student.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        loss = cross_entropy(logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    train_on(given[0])
    began = time.perf_counter()
    for rows in given:
        train_on(rows)
    return time.perf_counter() - began


def main() -> None:
    """Trains once and prints what it took."""
    how, file, *rest = sys.argv[1:]
    settings = StudentSettings(
        model=rest[0] if rest else "smollm2-135m",
        device="auto",
        lora_rank=16,
        lora_alpha=32,
        learning_rate=2e-4,
        warmup_steps=0,
        max_tokens=512,
    )
    student = with_adapter(load_model(settings.model, settings.device), settings)
    given = batches(student, file, settings)
    seconds = {"seedmill": by_seedmill, "plain": by_plain_loop}[how](student, given, settings)
    tokens = sum(len(row.ids) for rows in given for row in rows)
    print(json.dumps({"tokens": tokens, "seconds": seconds, "device": student.device.type}))


main()
