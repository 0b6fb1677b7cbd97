"""`trainRows` on the real small model: what it measures, what it leaves, and that a kill changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from models.student.memory import Memory
from models.tests.rounds import EXAMPLES, HELD_OUT, SETTINGS, RoundMaker
from models.tests.rows import RUN, call, call_until_done, refusal

Row = dict[str, Any]
SETTING = {**SETTINGS.wire(), "learningRate": 5e-3}
# What is trained on and what is held out are alike in form: a river for a river, one word for one word.
PROMPTS = [{"id": "p1", "instruction": "Name a river.", "input": ""}]


def message(rounds: RoundMaker, rows: list[Row], *, out: str = "t/seed-1", **changes: Any) -> dict[str, Any]:
    prompts = changes.pop("prompts", None)
    return {
        "run": RUN,
        "rows": rounds.rows(f"{out}-rows.jsonl", rows).wire(),
        "heldOut": rounds.rows("t/heldout.jsonl", changes.pop("held_out", HELD_OUT)).wire(),
        "prompts": prompts and rounds.rows("t/prompts.jsonl", prompts).wire(),
        "maxNewTokens": 8,
        "out": out,
        "student": {**SETTING, **changes.pop("student", {})},
        "epochs": 1,
        "batchSize": 2,
        "order": "drawn",
        "seed": 3,
        **changes,
    }


def lines(rounds: RoundMaker, name: str) -> list[Row]:
    return [json.loads(line) for line in (rounds.store.read(name) or b"").splitlines()]


def test_training_on_the_held_out_answers_lowers_their_loss(memory: Memory, rounds: RoundMaker) -> None:
    base = call(memory, rounds.store, "train_rows", message(rounds, [], out="t/base"))
    same = [{key: row[key] for key in ("id", "instruction", "input", "output")} for row in HELD_OUT]
    taught = call(memory, rounds.store, "train_rows", message(rounds, same, epochs=3, prompts=PROMPTS))
    assert taught["reporting"] < base["reporting"] and taught["steering"] < base["steering"]
    assert (base["tokens"], base["answers"]) == (0, None)
    assert taught["tokens"] > 0 and taught["answers"]["count"] == 1
    rows = lines(rounds, "t/seed-1/heldout.jsonl")
    assert [row["id"] for row in rows] == [row["id"] for row in HELD_OUT]
    assert rows[2]["loss"] == taught["reporting"]
    (answer,) = lines(rounds, "t/seed-1/answers.jsonl")
    assert answer["id"] == "p1" and isinstance(answer["isCut"], bool)


def test_the_seed_decides_and_the_rows_order_only_where_it_is_given(memory: Memory, rounds: RoundMaker) -> None:
    def reporting(rows: list[Row], out: str, **changes: Any) -> float:
        return call(memory, rounds.store, "train_rows", message(rounds, rows, out=out, **changes))["reporting"]

    drawn = reporting(EXAMPLES, "t/a")
    assert reporting(EXAMPLES[::-1], "t/b") == drawn
    assert reporting(EXAMPLES, "t/c", seed=4) != drawn
    assert reporting(EXAMPLES, "t/d", order="given") != reporting(EXAMPLES[::-1], "t/e", order="given")


def test_killed_after_every_write_it_ends_with_the_same_bytes(memory: Memory, tmp_path: Path) -> None:
    whole, dying = RoundMaker(tmp_path / "whole"), RoundMaker(tmp_path / "dying")
    changes: dict[str, Any] = {"batchSize": 1, "prompts": PROMPTS}
    undisturbed = call(memory, whole.store, "train_rows", message(whole, EXAMPLES, **changes))
    result, killed_at = call_until_done(memory, dying, "train_rows", message(dying, EXAMPLES, **changes))
    # Five batches: the state is kept after 4 and 5.
    assert killed_at.count("t/seed-1/state.safetensors") == 2
    untimed = {"seconds": 0, "trainingSeconds": 0}
    assert {**result, **untimed} == {**undisturbed, **untimed}
    assert dying.bytes() == whole.bytes()


def test_other_input_for_what_was_begun_is_refused(memory: Memory, rounds: RoundMaker) -> None:
    call(memory, rounds.store, "train_rows", message(rounds, EXAMPLES[:1]))
    failure = refusal(memory, rounds.store, "train_rows", message(rounds, EXAMPLES[:1], seed=4))
    assert (failure.type, failure.non_retryable) == ("InputChanged", True)


def test_a_loss_that_is_not_finite_names_batch_and_learning_rate(memory: Memory, rounds: RoundMaker) -> None:
    asked = message(rounds, EXAMPLES, student={"learningRate": 1e30, "warmupSteps": 0})
    failure = refusal(memory, rounds.store, "train_rows", asked)
    assert (failure.type, failure.non_retryable) == ("NonFiniteLoss", True)
    assert "learning rate 1e+30" in str(failure)
    assert rounds.store.read("t/seed-1/result.json") is None


@pytest.mark.parametrize(
    ("changes", "kind", "says"),
    [
        ({"held_out": []}, "InvalidInput", "no held-out rows"),
        ({"epochs": 0}, "InvalidInput", "trainRows: epochs"),
        ({"out": "../x"}, "InvalidInput", "out: "),
    ],
    ids=["nothing held out", "no epochs", "a place outside"],
)
def test_what_cannot_be_measured_is_refused(
    memory: Memory, rounds: RoundMaker, changes: Row, kind: str, says: str
) -> None:
    out = changes.pop("out", "t/x")
    asked = {**message(rounds, EXAMPLES, **changes), "out": out}
    failure = refusal(memory, rounds.store, "train_rows", asked)
    assert (failure.type, failure.non_retryable) == (kind, True)
    assert says in str(failure)
