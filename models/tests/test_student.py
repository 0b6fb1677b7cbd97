"""`trainRound` as Temporal calls it, on the real small model, beside a brute-force twin: torch's own Adam and loss."""

import asyncio
import hashlib
import json
import socket
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load as load_tensors
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from torch.nn.utils import parameters_to_vector

from models.store import Store
from models.student import activity
from models.student.activity import StudentActivities
from models.student.memory import shape
from models.student.model import Student
from models.tests.rounds import BATCHES, HELD_OUT, SETTINGS, RoundMaker
from models.tests.rows import DyingStore, Killed

Row = dict[str, Any]

REPORTED = {"id": "h4", "half": "reporting", "instruction": "Name a tree.", "input": "", "output": "The oak."}
HELD: list[Row] = [*HELD_OUT, REPORTED]
STEERING = [row for row in HELD if row["half"] == "steering"]
REPORTING = [row for row in HELD if row["half"] == "reporting"]
FIRST = {"batches": BATCHES[:2], "held_out": HELD, "student": {"maxTokens": 128}}
PEAK = SETTINGS.learning_rate
TOLERANCE = 2e-5
"""In nats. Two orders of the same float32 sums: losses of about 4 nats agree to 1e-6."""


def run(student: Student, store: Store, message: Any) -> dict[str, Any]:
    """The activity's answer."""
    activities = StudentActivities(store)
    activities.memory.student = (shape(SETTINGS), student)
    return asyncio.run(ActivityEnvironment().run(activities.train_round, message))


def refusal(student: Student, store: Store, message: Any) -> ApplicationError:
    """The failure that the workflow sees."""
    with pytest.raises(ApplicationError) as refused:
        run(student, store, message)
    assert len(str(refused.value).splitlines()) == 1
    return refused.value


# The twin.


def answer_loss(student: Student, row: Row) -> torch.Tensor:
    """The model's own loss, with the prompt's tokens left out of the labels."""
    question = f"{row['instruction']}\n\n{row['input']}" if row["input"] else row["instruction"]
    chat = [{"role": "user", "content": question}]
    before = student.tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    prompt = student.tokenizer(str(before)).input_ids
    answer = student.tokenizer(f"{row['output']}<|im_end|>").input_ids
    ids = torch.tensor([[*prompt, *answer]])
    labels = torch.tensor([[-100] * len(prompt) + answer])
    return student.model(input_ids=ids, labels=labels).loss


@dataclass
class Twin:
    """Weights and torch's own optimizer."""

    student: Student
    weights: torch.Tensor
    adam: dict[str, Any] | None = None

    def losses(self, rows: list[Row]) -> list[float]:
        self.student.load(self.weights)
        with torch.no_grad():
            return [answer_loss(self.student, row).item() for row in rows]

    def after(self, rows: list[Row], rate: float) -> "Twin":
        """After one step on the mean of the rows' losses."""
        self.student.load(self.weights)
        adam = torch.optim.Adam(self.student.parameters)
        if self.adam is not None:
            adam.load_state_dict(deepcopy(self.adam))
        for group in adam.param_groups:
            group["lr"] = rate
        adam.zero_grad()
        torch.stack([answer_loss(self.student, row) for row in rows]).mean().backward()
        adam.step()
        adam.zero_grad()
        return Twin(self.student, self.flat(), deepcopy(adam.state_dict()))

    def gradient(self, rows: list[Row]) -> torch.Tensor:
        self.student.load(self.weights)
        loss = torch.stack([answer_loss(self.student, row) for row in rows]).mean()
        return torch.cat([part.flatten() for part in torch.autograd.grad(loss, self.student.parameters)])

    def flat(self) -> torch.Tensor:
        return parameters_to_vector(self.student.parameters).detach().clone()


def drops(before: list[float], after: list[float]) -> torch.Tensor:
    return torch.tensor(before, dtype=torch.float64) - torch.tensor(after, dtype=torch.float64)


# An undisturbed round, which many tests look at.


@dataclass
class Done:
    rounds: RoundMaker
    message: dict[str, Any]
    result: dict[str, Any]
    start: Twin
    end: Twin


@pytest.fixture(scope="module")
def done(student: Student, tmp_path_factory: pytest.TempPathFactory) -> Done:
    rounds = RoundMaker(tmp_path_factory.mktemp("undisturbed"))
    message = rounds.message(**FIRST)
    result = run(student, rounds.store, message)
    start = Twin(student, student.initial_weights(message["seed"]))
    # A warm-up of one step: half of the learning rate, then all of it.
    end = start.after(BATCHES[0]["examples"], PEAK / 2).after(BATCHES[1]["examples"], PEAK)
    return Done(rounds, message, result, start, end)


def test_returns_references_to_what_is_in_the_store(done: Done) -> None:
    counts = {"signal": 2, "checkpoint": 1, "adapter": 1}
    for name, count in counts.items():
        ref = done.result[name]
        data = done.rounds.store.read(ref["uri"])
        assert data is not None
        assert ref["sha256"] == hashlib.sha256(data).hexdigest()
        assert ref["count"] == count
    assert done.result["device"] == "cpu"


def test_reports_the_loss_of_both_halves_before_and_after(done: Done) -> None:
    for half, rows in (("steering", STEERING), ("reporting", REPORTING)):
        reported = done.result[half]
        assert reported["rows"] == len(rows)
        assert reported["before"] == pytest.approx(sum(done.start.losses(rows)) / len(rows), rel=1e-5)
        assert reported["after"] == pytest.approx(sum(done.end.losses(rows)) / len(rows), rel=1e-4)


def test_gain_is_the_mean_drop_of_steering_loss_after_a_step_from_the_snapshot(done: Done) -> None:
    before = done.start.losses(STEERING)
    for batch, signal in zip(BATCHES[:2], done.rounds.signals(), strict=True):
        drop = drops(before, done.start.after(batch["examples"], PEAK / 2).losses(STEERING))
        assert signal["batch"] == batch["batch"]
        assert signal["gain"] == pytest.approx(drop.mean().item(), rel=1e-3, abs=TOLERANCE)
        assert signal["standardError"] == pytest.approx(drop.std().item() / len(drop) ** 0.5, rel=1e-3, abs=TOLERANCE)
        assert abs(signal["gain"]) > 20 * TOLERANCE, "too small a gain to tell anything"


def test_alignment_is_the_cosine_of_an_examples_step_with_the_steering_gradient(done: Done) -> None:
    steering = done.start.gradient(STEERING).double()
    for batch, signal in zip(BATCHES[:2], done.rounds.signals(), strict=True):
        for example, scored in zip(batch["examples"], signal["examples"], strict=True):
            # What Adam takes away at a rate of 1 is the example's gradient in preconditioned form.
            taken = (done.start.weights - done.start.after([example], 1.0).weights).double()
            cosine = torch.nn.functional.cosine_similarity(taken, steering, dim=0).item()
            assert scored["id"] == example["id"]
            assert scored["score"] == pytest.approx(cosine, rel=1e-2, abs=1e-4)
            assert scored["answerLoss"] == pytest.approx(done.start.losses([example])[0], rel=1e-5)


def test_trains_on_all_batches_in_order_as_torchs_adam_does(done: Done) -> None:
    weights = load_tensors(done.rounds.store.read(done.result["checkpoint"]["uri"]) or b"")["weights"]
    moved = (done.end.weights - done.start.weights).norm()
    # Adam's step has one size whatever the gradient's: where that is rounding alone, its sign is the processor's.
    # 2 % of the way on a processor without AVX-512; a flat learning rate comes out 40 % of it away.
    assert (weights - done.end.weights).norm() < 0.1 * moved
    swapped = done.start.after(BATCHES[1]["examples"], PEAK / 2).after(BATCHES[0]["examples"], PEAK)
    assert (weights - swapped.weights).norm() > 0.3 * moved


def test_leaves_the_adapter_as_peft_reads_it(done: Done) -> None:
    folder = done.result["adapter"]["uri"].rpartition("/")[0]
    tensors = load_tensors(done.rounds.store.read(f"{folder}/adapter_model.safetensors") or b"")
    config = done.rounds.json(f"{folder}/adapter_config.json")
    assert sum(tensor.numel() for tensor in tensors.values()) == done.start.weights.numel()
    assert (config["peft_type"], config["r"]) == ("LORA", SETTINGS.lora_rank)
    assert config["base_model_name_or_path"] == SETTINGS.model


def test_saving_an_adapter_asks_no_host(student: Student, done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(*address: Any, **_: Any) -> Any:
        asked.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    student.adapter_files(done.end.weights)
    assert asked == []


def test_the_next_round_goes_on_with_weights_optimizer_and_schedule(student: Student, done: Done) -> None:
    batch = {"batch": "002-01", "examples": BATCHES[0]["examples"]}
    changes = {"round": 2, "batches": [batch], "previous": done.result["checkpoint"]}
    message = done.rounds.message(**{**FIRST, **changes}, instructionSignal="learnability")
    result = run(student, done.rounds.store, message)
    (signal,) = done.rounds.signals(2)
    assert result["steering"]["before"] == done.result["steering"]["after"]
    drop = drops(done.end.losses(STEERING), done.end.after(batch["examples"], PEAK).losses(STEERING))
    assert signal["gain"] == pytest.approx(drop.mean().item(), rel=2e-2, abs=1e-4)
    for number, example in enumerate(batch["examples"]):
        rest = [other for other in batch["examples"] if other is not example]
        learnt = drops(done.end.losses([example]), done.end.after(rest, PEAK).losses([example]))
        assert signal["examples"][number]["score"] == pytest.approx(learnt.item(), rel=2e-2, abs=1e-4)


# What a crash may cost.


def test_killed_after_every_write_it_ends_with_the_same_bytes(student: Student, done: Done, tmp_path: Path) -> None:
    rounds = RoundMaker(tmp_path)
    message = rounds.message(**FIRST)
    killed_at = []
    while True:
        try:
            result = run(student, DyingStore(tmp_path), message)
            break
        except Killed as death:
            killed_at.append(str(death).removeprefix("t/rounds/001/"))
            assert len(killed_at) < 30, killed_at
    assert {"student/heldout-before.json", "student/signal/001-01.json", "student/state.safetensors"} <= {*killed_at}
    undisturbed = {name: data for name, data in done.rounds.bytes().items() if not name.startswith("t/rounds/002")}
    assert rounds.bytes() == undisturbed
    assert {**result, "seconds": 0} == {**done.result, "seconds": 0}


def test_a_stored_signal_is_never_measured_again(student: Student, done: Done, tmp_path: Path) -> None:
    rounds = RoundMaker(tmp_path)
    message = rounds.message(**FIRST)
    for name in ("heldout-before.json", "signal/001-01.json", "signal/001-02.json"):
        path = f"t/rounds/001/student/{name}"
        rounds.store.write(path, done.rounds.store.read(path) or b"")
    path = "t/rounds/001/student/signal/001-02.json"
    stored = rounds.json(path)
    stored["signal"]["gain"] = 0.123456
    rounds.store.write(path, json.dumps(stored).encode())
    run(student, rounds.store, message)
    assert [signal["gain"] for signal in rounds.signals()] == [done.rounds.signals()[0]["gain"], 0.123456]


def test_a_finished_round_is_only_read(student: Student, done: Done) -> None:
    assert run(student, DyingStore(done.rounds.store.root), done.message) == done.result


def test_other_input_for_a_round_that_was_begun_is_refused(student: Student, done: Done) -> None:
    failure = refusal(student, done.rounds.store, {**done.message, "seed": 8})
    assert (failure.type, failure.non_retryable) == ("InputChanged", True)


def test_heartbeats_say_where_it_is_and_cancelling_ends_it(
    student: Student, rounds: RoundMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "HEARTBEAT_SECONDS", 0.01)
    environment = ActivityEnvironment()
    beats: list[dict[str, Any]] = []

    def beat(*details: Any) -> None:
        beats.extend(details)
        if details[0]["phase"].startswith("heldout-before"):
            environment.cancel()

    environment.on_heartbeat = beat
    activities = StudentActivities(rounds.store)
    activities.memory.student = (shape(SETTINGS), student)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(environment.run(activities.train_round, rounds.message(**FIRST)))
    assert beats[-1].keys() == {"phase", "batch", "of", "loss"}
    assert not [name for name in rounds.store.list("t") if "/signal/" in name]


# Without training, and with other signals.


def test_evaluate_scores_difficulty_and_trains_nothing(student: Student, done: Done, rounds: RoundMaker) -> None:
    result = run(student, rounds.store, rounds.message(**FIRST, signal="evaluate"))
    assert (result["checkpoint"], result["adapter"]) == (None, None)
    for half in ("steering", "reporting"):
        assert result[half]["before"] == result[half]["after"] == done.result[half]["before"]
    assert not [name for name in rounds.store.list("t") if name.endswith(".safetensors")]
    student.load(done.start.weights)
    for batch, signal in zip(BATCHES[:2], rounds.signals(), strict=True):
        assert (signal["gain"], signal["standardError"]) == (None, None)
        for example, scored in zip(batch["examples"], signal["examples"], strict=True):
            prompt = student.tokenizer("<|im_start|>assistant\n").input_ids
            answer = student.tokenizer(f"{example['output']}<|im_end|>").input_ids
            ids, labels = torch.tensor([[*prompt, *answer]]), torch.tensor([[-100] * len(prompt) + answer])
            with torch.no_grad():
                alone = student.model(input_ids=ids, labels=labels).loss.item()
            assert scored["answerLoss"] == pytest.approx(done.start.losses([example])[0], rel=1e-5)
            assert scored["score"] == pytest.approx(scored["answerLoss"] / alone, rel=1e-4)


# What it refuses.


def test_a_loss_that_is_not_finite_names_batch_and_learning_rate(student: Student, rounds: RoundMaker) -> None:
    batches = [{**BATCHES[0], "batch": "b7"}]
    settings = {"learningRate": 1e30}
    message = rounds.message(batches=batches, student=settings, instructionSignal="random")
    failure = refusal(student, rounds.store, message)
    assert (failure.type, failure.non_retryable) == ("NonFiniteLoss", True)
    assert "batch b7" in str(failure)
    assert "learning rate 1e+30" in str(failure)
    assert failure.details == ({"round": 1, "batch": "b7", "learningRate": 1e30},)
    assert not [name for name in rounds.store.list("t") if "/signal" in name]


@pytest.mark.parametrize("kind", ["no file", "no GGUF", "no model in the folder", "no such id"])
def test_a_model_that_does_not_exist_is_one_clear_error(
    student: Student, rounds: RoundMaker, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "broken.gguf").write_text("<html>not found</html>")
    (tmp_path / "empty").mkdir()
    names = {
        "no file": tmp_path / "none.gguf",
        "no GGUF": tmp_path / "broken.gguf",
        "no model in the folder": tmp_path / "empty",
        "no such id": "no organisation/no model",
    }
    name = str(names[kind])
    failure = refusal(student, rounds.store, rounds.message(**{**FIRST, "student": {"model": name}}))
    assert (failure.type, failure.non_retryable) == ("ModelNotFound", True)
    assert repr(name) in str(failure)


def test_another_store_is_refused_naming_both(student: Student, rounds: RoundMaker) -> None:
    message = rounds.message(**FIRST)
    rounds.store.write("store-id", b"another\n")
    failure = refusal(student, rounds.store, message)
    # Retried: another worker of the queue may see the right one.
    assert (failure.type, failure.non_retryable) == ("WrongStore", False)
    assert message["run"]["storeUrl"] in str(failure)
    assert rounds.store.url in str(failure)


def test_data_that_is_not_what_its_reference_says_is_refused(student: Student, rounds: RoundMaker) -> None:
    message = rounds.message(**FIRST)
    rounds.store.write(message["heldOut"]["uri"], b"other\n")
    failure = refusal(student, rounds.store, message)
    assert (failure.type, failure.non_retryable) == ("CorruptData", True)
    assert message["heldOut"]["uri"] in str(failure)
    assert message["heldOut"]["sha256"] in str(failure)


def test_data_that_is_not_there_is_refused(student: Student, rounds: RoundMaker) -> None:
    message = rounds.message(**FIRST)
    rounds.store.remove(message["batches"]["uri"])
    failure = refusal(student, rounds.store, message)
    assert (failure.type, failure.non_retryable) == ("MissingData", True)
    assert message["batches"]["uri"] in str(failure)


def test_a_wrong_row_is_named_by_file_and_line(student: Student, rounds: RoundMaker) -> None:
    wrong = [*HELD, {**REPORTED, "half": "test"}]
    failure = refusal(student, rounds.store, rounds.message(**{**FIRST, "held_out": wrong}))
    assert (failure.type, failure.non_retryable) == ("CorruptData", True)
    assert "t/heldout.jsonl:5: half: " in str(failure)


def test_too_few_held_out_rows_are_refused(student: Student, rounds: RoundMaker) -> None:
    failure = refusal(student, rounds.store, rounds.message(**{**FIRST, "held_out": HELD[1:]}))
    assert (failure.type, failure.non_retryable) == ("InvalidInput", True)
    assert "1 steering and 2 reporting rows" in str(failure)


def test_a_message_of_another_shape_is_refused(student: Student, rounds: RoundMaker) -> None:
    failure = refusal(student, rounds.store, {**rounds.message(**FIRST), "epochs": 3})
    assert (failure.type, failure.non_retryable) == ("InvalidInput", True)
    assert "epochs" in str(failure)
