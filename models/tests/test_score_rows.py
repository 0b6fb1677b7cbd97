"""`scoreRows` on the real small model, beside a twin that reads one prompt at a time."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from models.student import row_cache, score_rows
from models.student.memory import Memory
from models.student.messages import StudentModel
from models.student.model import LanguageModel
from models.student.score_tokens import Reading, encode_prompt, read_scores
from models.tests.rounds import RoundMaker
from models.tests.rows import MODEL, RUN, call, call_until_done, refusal

Row = dict[str, Any]

COUNTING = "Count: " + "1, 2, 3, 4, 5, 6, " * 5
"""What follows is a digit, as good as certainly."""
SAYING = "You are a helpful assistant. Please identify the complexity score of the user query.\n##Complexity: "
ROWS: list[Row] = [
    {"id": "a", "prompts": [COUNTING]},
    {"id": "b", "prompts": [SAYING, COUNTING + "1, 2, "]},
    {"id": "c", "prompts": [COUNTING * 3]},
    {"id": "d", "prompts": ["Why"]},
]


def message(rounds: RoundMaker, rows: list[Row] = ROWS, **changes: Any) -> dict[str, Any]:
    asked = {"out": "t/scores.jsonl", "student": MODEL, "adapter": None, "maxTokens": 512}
    return {"run": RUN, "rows": rounds.rows("t/rows.jsonl", rows).wire(), **asked, **changes}


def score(memory: Memory, rounds: RoundMaker, rows: list[Row] = ROWS, **changes: Any) -> tuple[Row, list[Row]]:
    """The result, and the stored scores."""
    result = call(memory, rounds.store, "score_rows", message(rounds, rows, **changes))
    stored = rounds.store.read(result["scores"]["uri"]) or b""
    return result, [json.loads(line) for line in stored.splitlines()]


def twin(model: LanguageModel, prompt: str) -> tuple[float, float]:
    """Expected score and mass from the logits after one prompt."""
    ids = torch.tensor([model.tokenizer(prompt).input_ids])
    with torch.no_grad():
        chances = model.model(input_ids=ids).logits[0, -1].double().softmax(-1)
    # Its tokenizer writes every digit as a token of its own, and a space before it as another.
    six = chances[[model.tokenizer(str(number)).input_ids[0] for number in range(1, 7)]]
    return ((six / six.sum()) @ torch.arange(1.0, 7.0, dtype=torch.float64)).item(), six.sum().item()


def test_scores_are_those_of_one_prompt_at_a_time(memory: Memory, model: LanguageModel, rounds: RoundMaker) -> None:
    result, scores = score(memory, rounds)
    assert [row["id"] for row in scores] == ["a", "b", "c", "d"]
    missing = 0
    for row, found in zip(ROWS, scores, strict=True):
        for prompt, value, mass in zip(row["prompts"], found["scores"], found["masses"], strict=True):
            expected, expected_mass = twin(model, prompt)
            assert mass == pytest.approx(expected_mass, rel=1e-3)
            assert value == (pytest.approx(expected, rel=1e-4) if expected_mass >= 0.95 else None)
            missing += value is None
    assert (result["missing"], result["tooLong"], result["scores"]["count"]) == (missing, 0, 4)
    assert 0 < missing < 5, "the prompts are to have scores and none"


def test_the_expected_score_is_there_whatever_the_mass(model: LanguageModel) -> None:
    (reading,) = read_scores(model, [encode_prompt(model.tokenizer, SAYING)], lambda _: None)
    expected, mass = twin(model, SAYING)
    assert (reading.expected, reading.mass) == (pytest.approx(expected, rel=1e-4), pytest.approx(mass, rel=1e-3))
    assert mass < 0.95


def test_a_prompt_that_is_too_long_is_not_scored(memory: Memory, rounds: RoundMaker) -> None:
    result, scores = score(memory, rounds, maxTokens=128)
    assert (scores[2]["scores"], scores[2]["masses"]) == ([None], [0])
    assert (result["tooLong"], scores[0]["scores"][0] is None) == (1, False)


def test_digits_with_and_without_a_space_count_together(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = {**model.tokenizer.get_vocab(), "Ġ3": model.tokenizer("7").input_ids[0]}
    prompt = encode_prompt(model.tokenizer, "3, 7, 3, 7, 3, 7, 3, 7, 3, 7, 3, 7, 3, ")
    (apart,) = read_scores(model, [prompt], lambda _: None)
    monkeypatch.setattr(model.tokenizer, "get_vocab", lambda: vocabulary)
    (together,) = read_scores(model, [prompt], lambda _: None)
    assert together.probabilities[2] > 0.9 > apart.probabilities[2]
    assert together.log_probabilities == apart.log_probabilities


def test_killed_after_every_write_it_ends_with_the_same_bytes(
    memory: Memory, rounds: RoundMaker, tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_cache, "BLOCK_ROWS", 3)
    whole, _ = score(memory, rounds)
    other = RoundMaker(tmp_path_factory.mktemp("dying"))
    result, killed_at = call_until_done(memory, other, "score_rows", message(other))
    endings = [name.partition(".")[2] for name in killed_at]
    assert endings == ["npy", "rows.json", "npy", "rows.json", "jsonl"], killed_at
    assert {**result, "seconds": 0} == {**whole, "seconds": 0}


# What is known already.


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Every prompt that went through the model."""
    prompts: list[list[int]] = []

    def counting(model: LanguageModel, ids: Sequence[list[int]], between: Callable[[int], None]) -> list[Reading]:
        prompts.extend(ids)
        return read_scores(model, ids, between)

    monkeypatch.setattr(score_rows, "read_scores", counting)
    return prompts


def test_another_run_reads_only_prompts_that_are_new(
    memory: Memory, rounds: RoundMaker, computed: list[list[int]]
) -> None:
    first, before = score(memory, rounds, maxTokens=128)
    new = {"id": "new", "prompts": [COUNTING, "Why not", COUNTING]}
    again, after = score(memory, rounds, [new, *ROWS[::-1]], maxTokens=128, out="other/scores.jsonl")
    assert len(computed) == 4 + 1, "a prompt that is too long is not read at all"
    assert after[1:] == before[::-1]
    assert after[0]["scores"][0] == after[0]["scores"][2] == before[0]["scores"][0]
    assert (first["tooLong"], again["tooLong"]) == (1, 1)
    assert again["missing"] == first["missing"] + 1


def test_another_limit_makes_other_scores(memory: Memory, rounds: RoundMaker, computed: list[list[int]]) -> None:
    score(memory, rounds, ROWS[3:])
    score(memory, rounds, ROWS[3:], maxTokens=64)
    assert len(computed) == 2


# What it refuses.


WRONG_ROWS: dict[str, tuple[Row, str]] = {
    "without prompts": ({"id": "e", "prompts": []}, "prompts: "),
    "with an empty prompt": ({"id": "e", "prompts": ["Why", ""]}, "prompts.1: "),
    "with half a character": ({"id": "e", "prompts": ["\ud800"]}, "prompts.0: "),
    "with half a character in its id": ({"id": "\ud800", "prompts": ["Why"]}, "id: "),
}


@pytest.mark.parametrize("kind", WRONG_ROWS)
def test_a_wrong_row_is_named(memory: Memory, rounds: RoundMaker, kind: str) -> None:
    row, where = WRONG_ROWS[kind]
    failure = refusal(memory, rounds.store, "score_rows", message(rounds, [*ROWS, row]))
    assert (failure.type, failure.non_retryable) == ("CorruptData", True)
    assert f"t/rows.jsonl:5: {where}" in str(failure)


def test_an_adapter_that_is_not_there_is_refused(memory: Memory, rounds: RoundMaker) -> None:
    adapter = {"uri": "t/none/adapter_model.safetensors", "sha256": "ab", "count": 1}
    failure = refusal(memory, rounds.store, "score_rows", message(rounds, adapter=adapter))
    assert (failure.type, failure.non_retryable) == ("MissingData", True)
    assert adapter["uri"] in str(failure)


def test_a_tokenizer_without_a_score_is_refused(
    memory: Memory, rounds: RoundMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory.bare(StudentModel.model_validate(MODEL)).tokenizer, "get_vocab", dict)
    failure = refusal(memory, rounds.store, "score_rows", message(rounds))
    assert (failure.type, failure.non_retryable) == ("InvalidInput", True)
    assert "no token 1" in str(failure)
