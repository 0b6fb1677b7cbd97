"""`trainScorer` on the real small model and pairs that a word tells apart, and its adapter in `scoreRows`."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from models.student.data import sha256
from models.student.memory import Memory
from models.student.messages import Ref
from models.student.score_tokens import Reading
from models.student.train_scorer import Pair, quality
from models.tests.rounds import SETTINGS, RoundMaker
from models.tests.rows import MODEL, RUN, call, call_until_done, refusal

Row = dict[str, Any]

TOPICS = ["rivers", "numbers", "bread", "stars", "birds", "songs", "ships", "trees"]
SETTING = {**SETTINGS.wire(), "learningRate": 5e-3, "maxTokens": 64}


def prompt(kind: str, topic: str) -> str:
    return f"Query: a {kind} question on {topic}\nComplexity: "


def pairs_of(topics: list[str]) -> list[Row]:
    variants = [("simple", 1), ("hard", 5.5)]
    return [
        {"id": f"{topic}-{kind}", "origin": topic, "prompt": prompt(kind, topic), "score": score}
        for topic in topics
        for kind, score in variants
    ]


def message(rounds: RoundMaker, pairs: list[Row], **changes: Any) -> dict[str, Any]:
    asked = {"out": "t/scorer", "epochs": 3, "batchSize": 2, "heldOutShare": 0.25, "seed": 3}
    settings = {**SETTING, **changes.pop("student", {})}
    return {"run": RUN, "pairs": rounds.rows("t/pairs.jsonl", pairs).wire(), **asked, "student": settings, **changes}


@dataclass
class Done:
    rounds: RoundMaker
    result: dict[str, Any]


@pytest.fixture(scope="module")
def done(memory: Memory, tmp_path_factory: pytest.TempPathFactory) -> Done:
    rounds = RoundMaker(tmp_path_factory.mktemp("scorer"))
    return Done(rounds, call(memory, rounds.store, "train_scorer", message(rounds, pairs_of(TOPICS))))


def test_learns_what_carries_over_to_held_out_origins(done: Done) -> None:
    before, after = done.result["before"], done.result["after"]
    assert done.result["pairs"] == {"trained": 12, "heldOut": 4, "tooLong": 0}
    assert after["loss"] < before["loss"] / 2
    assert after["meanAbsoluteError"] < before["meanAbsoluteError"]
    assert after["ordered"] == 1


def test_leaves_an_adapter_as_peft_reads_it_and_no_state(done: Done) -> None:
    names = [name.removeprefix("t/scorer/") for name in done.rounds.store.list("t/scorer")]
    files = ["adapter_config.json", "adapter_model.safetensors"]
    assert names == [*files, "heldout-after.json", "heldout-before.json", "result.json"]
    ref = Ref.model_validate(done.result["adapter"])
    assert (ref.uri, ref.count) == ("t/scorer/adapter_model.safetensors", 1)
    assert ref.sha256 == sha256(done.rounds.store.read(ref.uri) or b"")
    assert done.rounds.json("t/scorer/adapter_config.json")["base_model_name_or_path"] == SETTINGS.model


def test_score_rows_uses_the_adapter(memory: Memory, done: Done) -> None:
    rows = [{"id": kind, "prompts": [prompt(kind, "clouds")]} for kind in ("simple", "hard")]
    asked = {"run": RUN, "rows": done.rounds.rows("t/rows.jsonl", rows).wire(), "student": MODEL, "maxTokens": 64}
    call(memory, done.rounds.store, "score_rows", {**asked, "out": "t/with.jsonl", "adapter": done.result["adapter"]})
    call(memory, done.rounds.store, "score_rows", {**asked, "out": "t/without.jsonl", "adapter": None})
    easy, hard = lines(done.rounds, "t/with.jsonl")
    assert easy["scores"][0] < 3 < 4 < hard["scores"][0]
    # Taken off again, it leaves the model as it was.
    assert [row["scores"] for row in lines(done.rounds, "t/without.jsonl")] == [[None], [None]]


def lines(rounds: RoundMaker, name: str) -> list[Row]:
    return [json.loads(line) for line in (rounds.store.read(name) or b"").splitlines()]


SMALL = {"epochs": 5, "batchSize": 1, "heldOutShare": 0.5}


def test_killed_after_every_write_it_ends_with_the_same_bytes(memory: Memory, tmp_path: Path) -> None:
    whole, dying = RoundMaker(tmp_path / "whole"), RoundMaker(tmp_path / "dying")
    undisturbed = call(memory, whole.store, "train_scorer", message(whole, pairs_of(TOPICS[:2]), **SMALL))
    asked = message(dying, pairs_of(TOPICS[:2]), **SMALL)
    result, killed_at = call_until_done(memory, dying, "train_scorer", asked)
    # Ten batches: the state is kept after 4, 8 and 10.
    assert killed_at.count("t/scorer/state.safetensors") == 3
    assert {**result, "seconds": 0} == {**undisturbed, "seconds": 0}
    assert dying.bytes() == whole.bytes()


def test_other_input_for_what_was_begun_is_refused(memory: Memory, done: Done) -> None:
    failure = refusal(memory, done.rounds.store, "train_scorer", message(done.rounds, pairs_of(TOPICS), seed=4))
    assert (failure.type, failure.non_retryable) == ("InputChanged", True)


# The figures.


def reading(expected: int) -> Reading:
    """As good as sure of one score."""
    shares = tuple(0.95 if score == expected else 0.01 for score in range(1, 7))
    return Reading(tuple(math.log(share) for share in shares), shares)


def test_quality_is_loss_error_and_order_within_an_origin() -> None:
    scores = [("a", 2.5, 3), ("a", 1, 2), ("a", 1, 5), ("b", 6, 1)]
    pairs = [Pair(str(place), origin, score, []) for place, (origin, score, _) in enumerate(scores)]
    found = quality(pairs, [reading(said) for *_, said in scores])
    losses = [-math.log(0.95), *[-math.log(0.01)] * 3]  # 2.5 is trained on as 3
    expected = [0.95 * said + 0.01 * (21 - said) for *_, said in scores]
    errors = [abs(value - score) for value, (_, score, _) in zip(expected, scores, strict=True)]
    assert found.loss == pytest.approx(sum(losses) / 4, rel=1e-5)
    assert found.mean_absolute_error == pytest.approx(sum(errors) / 4, rel=1e-5)
    assert found.ordered == 0.5


def test_without_two_scores_of_one_origin_nothing_is_ordered() -> None:
    pairs = [Pair("1", "a", 2, []), Pair("2", "a", 2, []), Pair("3", "b", 4, [])]
    assert quality(pairs, [reading(2)] * 3).ordered is None


# What it refuses.


def test_a_loss_that_is_not_finite_names_batch_and_learning_rate(memory: Memory, rounds: RoundMaker) -> None:
    asked = message(rounds, pairs_of(TOPICS[:2]), **SMALL, student={"learningRate": 1e30, "warmupSteps": 0})
    failure = refusal(memory, rounds.store, "train_scorer", asked)
    assert (failure.type, failure.non_retryable) == ("NonFiniteLoss", True)
    assert failure.details[0].keys() == {"epoch", "batch", "learningRate"}
    assert "learning rate 1e+30" in str(failure)
    assert rounds.store.read("t/scorer/adapter_model.safetensors") is None


@pytest.mark.parametrize(
    ("pairs", "kind", "says"),
    [
        (pairs_of(TOPICS[:1]), "InvalidInput", "1 origins"),
        ([*pairs_of(TOPICS[:1]), {**pairs_of(TOPICS[:1])[0], "score": 0}], "CorruptData", "t/pairs.jsonl:3: score: "),
        ([*pairs_of(TOPICS[:1]), {**pairs_of(TOPICS[:1])[0], "prompt": ""}], "CorruptData", ":3: prompt: "),
        ([{**pairs_of(TOPICS[:1])[0], "score": math.nan}], "CorruptData", "t/pairs.jsonl:1: score: "),
        ([{**pairs_of(TOPICS[:1])[0], "id": "\ud800"}], "CorruptData", "t/pairs.jsonl:1: id: "),
    ],
    ids=["one origin", "a score of 0", "an empty prompt", "NaN", "half a character"],
)
def test_pairs_that_nothing_can_be_learnt_from_are_refused(
    memory: Memory, rounds: RoundMaker, pairs: list[Row], kind: str, says: str
) -> None:
    failure = refusal(memory, rounds.store, "train_scorer", message(rounds, pairs))
    assert (failure.type, failure.non_retryable) == (kind, True)
    assert says in str(failure)


def test_pairs_that_are_too_long_are_left_out_and_counted(memory: Memory, rounds: RoundMaker) -> None:
    long = {"id": "long", "origin": "long", "prompt": "word " * 70, "score": 3}
    asked = message(rounds, [*pairs_of(TOPICS[:2]), long], **{**SMALL, "epochs": 1})
    assert call(memory, rounds.store, "train_scorer", asked)["pairs"] == {"trained": 2, "heldOut": 2, "tooLong": 1}


@pytest.mark.parametrize(
    "damage", ["no configuration", "half a configuration", "another shape", "another layer", "no safetensors"]
)
def test_an_adapter_that_does_not_fit_is_refused(memory: Memory, done: Done, rounds: RoundMaker, damage: str) -> None:
    read = done.rounds.store.read
    weights, config = read("t/scorer/adapter_model.safetensors") or b"", read("t/scorer/adapter_config.json") or b""
    tensors = load_tensors(weights)
    first = min(tensors)
    if damage == "another shape":
        weights = save_tensors({**tensors, first: tensors[first][:, :-1].contiguous()})
    if damage == "another layer":
        weights = save_tensors({name.replace("layers.7.", "layers.77."): value for name, value in tensors.items()})
    if damage == "no safetensors":
        weights = b"<html>"
    rounds.store.write("t/a/adapter_model.safetensors", weights)
    if damage != "no configuration":
        rounds.store.write("t/a/adapter_config.json", config[:50] if damage == "half a configuration" else config)
    adapter = {"uri": "t/a/adapter_model.safetensors", "sha256": sha256(weights), "count": 1}
    asked = {"run": RUN, "rows": rounds.rows("t/r.jsonl", []).wire(), "student": MODEL, "maxTokens": 64}
    failure = refusal(memory, rounds.store, "score_rows", {**asked, "out": "t/s.jsonl", "adapter": adapter})
    kinds = {
        "no configuration": "MissingData",
        "half a configuration": "CorruptData",
        "no safetensors": "CorruptData",
    }
    assert (failure.type, failure.non_retryable) == (kinds.get(damage, "InvalidInput"), True)
    assert "t/a/adapter_" in str(failure)
