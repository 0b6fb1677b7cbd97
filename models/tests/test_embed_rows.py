"""`embedRows` on the real small model, beside a twin that reads one conversation at a time."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from temporalio.testing import ActivityEnvironment

from models.store import FileStore
from models.student import activity, embed_rows, row_cache
from models.student.activity import StudentActivities
from models.student.memory import Memory
from models.student.model import LanguageModel
from models.student.reading import last_states
from models.tests.rounds import RoundMaker
from models.tests.rows import MODEL, RUN, call, call_until_done, refusal

Row = dict[str, Any]


def turn(instruction: str, response: str) -> dict[str, str]:
    return {"instruction": instruction, "response": response}


ROWS: list[Row] = [
    {"id": "a", "turns": [turn("Name a river.", "The Danube.")]},
    {"id": "b", "turns": [turn("Why is the sky blue? " * 4, "Because air scatters short waves the most. " * 6)]},
    {"id": "c", "turns": [turn("Hello!", "Hello, what can I do?"), turn("Add 2 and 3.", "5")]},
    {"id": "d", "turns": [turn("Opposite of hot?", "Cold.")]},
]


def message(rounds: RoundMaker, rows: list[Row] = ROWS, **changes: Any) -> dict[str, Any]:
    asked = {"out": "t/vectors.npy", "student": MODEL, "pooling": "last", "maxTokens": 2048}
    return {"run": RUN, "rows": rounds.rows("t/rows.jsonl", rows).wire(), **asked, **changes}


def embed(memory: Memory, rounds: RoundMaker, rows: list[Row] = ROWS, **changes: Any) -> tuple[Row, np.ndarray]:
    """The result, and the vectors as numpy reads them."""
    result = call(memory, rounds.store, "embed_rows", message(rounds, rows, **changes))
    stored = rounds.store.read(result["vectors"]["uri"]) or b""
    return result, np.load(io.BytesIO(stored))


def twin(model: LanguageModel, row: Row, max_tokens: int = 2048) -> torch.Tensor:
    """All states of one conversation, as the authors take them: the last of `hidden_states`."""
    chat = []
    for said in row["turns"]:
        chat += [{"role": "user", "content": said["instruction"]}]
        chat += [{"role": "assistant", "content": said["response"]}]
    text = str(model.tokenizer.apply_chat_template(chat, tokenize=False)).removesuffix("\n")
    ids = torch.tensor([model.tokenizer(text).input_ids[:max_tokens]])
    with torch.no_grad():
        return model.model(input_ids=ids, output_hidden_states=True).hidden_states[-1][0]


def near(found: np.ndarray, expected: torch.Tensor) -> bool:
    """Up to the noise of float32 sums in another order."""
    return float(np.abs(found - expected.numpy()).max()) < 1e-4 * float(expected.norm())


def test_last_is_the_final_layers_state_of_the_last_token(
    memory: Memory, model: LanguageModel, rounds: RoundMaker
) -> None:
    result, vectors = embed(memory, rounds)
    assert (result["dims"], result["truncated"], result["device"]) == (576, 0, "cpu")
    assert (vectors.shape, vectors.dtype, result["vectors"]["count"]) == ((4, 576), np.dtype("<f4"), 4)
    for vector, row in zip(vectors, ROWS, strict=True):
        assert near(vector, twin(model, row)[-1])


def test_mean_is_over_the_conversations_own_tokens(memory: Memory, model: LanguageModel, rounds: RoundMaker) -> None:
    _, vectors = embed(memory, rounds, pooling="mean")
    for vector, row in zip(vectors, ROWS, strict=True):
        assert near(vector, twin(model, row).mean(0))


def test_a_long_conversation_loses_its_end_and_is_counted(
    memory: Memory, model: LanguageModel, rounds: RoundMaker
) -> None:
    result, vectors = embed(memory, rounds, maxTokens=64)
    assert result["truncated"] == 1
    for vector, row in zip(vectors, ROWS, strict=True):
        assert near(vector, twin(model, row, 64)[-1])


def test_what_is_read_beside_a_row_changes_no_more_than_noise(memory: Memory, rounds: RoundMaker) -> None:
    _, together = embed(memory, rounds)
    for place, row in enumerate(ROWS):
        _, alone = embed(memory, rounds, [row], out=f"t/alone-{place}.npy")
        assert np.abs(alone[0] - together[place]).max() < 1e-4 * np.linalg.norm(alone[0])


def test_the_file_is_npy_1_0_in_c_order(memory: Memory, rounds: RoundMaker) -> None:
    embed(memory, rounds)
    stored = io.BytesIO(rounds.store.read("t/vectors.npy") or b"")
    assert np.lib.format.read_magic(stored) == (1, 0)
    assert np.lib.format.read_array_header_1_0(stored) == ((4, 576), False, np.dtype("<f4"))


def test_the_same_rows_give_the_same_bytes(memory: Memory, rounds: RoundMaker, tmp_path_factory: Any) -> None:
    other = RoundMaker(tmp_path_factory.mktemp("other"))
    assert embed(memory, rounds)[0]["vectors"] == embed(memory, other)[0]["vectors"]


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Every text that went through the model."""
    texts: list[list[int]] = []

    def counting(model: LanguageModel, ids: list[list[int]]) -> Any:
        texts.extend(ids)
        return last_states(model, ids)

    monkeypatch.setattr(embed_rows, "last_states", counting)
    return texts


def test_what_one_run_has_embedded_no_other_computes(memory: Memory, rounds: RoundMaker, computed: list[Row]) -> None:
    first, _ = embed(memory, rounds, maxTokens=64)
    renamed = [{**row, "id": f"x-{row['id']}"} for row in ROWS]
    again, _ = embed(memory, rounds, renamed, maxTokens=64, out="other-run/vectors.npy", run={**RUN, "runId": "other"})
    assert len(computed) == len(ROWS)
    assert again["vectors"]["sha256"] == first["vectors"]["sha256"]
    assert again["truncated"] == 1


NEW = {"id": "new", "turns": [turn("Name a lake.", "Lake Como.")]}


def test_a_row_put_in_front_is_the_only_one_that_is_computed(
    memory: Memory, rounds: RoundMaker, computed: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_cache, "BLOCK_ROWS", 2)
    _, first = embed(memory, rounds)
    result, again = embed(memory, rounds, [NEW, *ROWS])
    assert len(computed) == len(ROWS) + 1
    assert (result["vectors"]["count"], again[1:].tobytes()) == (5, first.tobytes())


def test_rows_in_another_order_are_not_computed(
    memory: Memory, rounds: RoundMaker, computed: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_cache, "BLOCK_ROWS", 3)
    _, first = embed(memory, rounds, maxTokens=64)
    order = [3, 1, 0, 2]
    result, again = embed(memory, rounds, [ROWS[place] for place in order], maxTokens=64)
    assert len(computed) == len(ROWS)
    assert (result["truncated"], again.tobytes()) == (1, first[order].tobytes())


def test_equal_rows_are_computed_once(memory: Memory, rounds: RoundMaker, computed: list[Row]) -> None:
    twice = [*ROWS, {**ROWS[1], "id": "again"}, ROWS[0]]
    result, vectors = embed(memory, rounds, twice, maxTokens=64)
    assert len(computed) == len(ROWS)
    assert vectors[4:].tobytes() == vectors[[1, 0]].tobytes()
    assert result["truncated"] == 2, "each time that it stands there"


@pytest.mark.parametrize("changes", [{"pooling": "mean"}, {"maxTokens": 32}], ids=["pooling", "maxTokens"])
def test_another_setting_computes_all(memory: Memory, rounds: RoundMaker, computed: list[Row], changes: Row) -> None:
    embed(memory, rounds)
    embed(memory, rounds, **changes)
    assert len(computed) == 2 * len(ROWS)


def test_another_text_is_computed(memory: Memory, rounds: RoundMaker, computed: list[Row]) -> None:
    embed(memory, rounds)
    embed(memory, rounds, [*ROWS[:3], {"id": "d", "turns": [turn("Opposite of hot?", "Ice.")]}])
    assert len(computed) == len(ROWS) + 1


def test_a_worker_reads_what_is_known_once_and_then_what_is_new(
    memory: Memory, rounds: RoundMaker, computed: list[Row]
) -> None:
    store = WatchedStore(rounds.store.root)
    activities = StudentActivities(store)
    activities.memory = memory
    embed(memory, rounds)
    for rows in (ROWS, [NEW, *ROWS], [NEW]):
        if rows[0] is NEW:
            embed(memory, rounds, [NEW])  # by another worker
        asked = message(rounds, rows, out="t/others.npy")
        asyncio.run(ActivityEnvironment().run(activities.embed_rows, asked))
    assert len(computed) == len(ROWS) + 1
    indexes = [name for name in store.read_names if name.endswith(".rows.json")]
    assert sorted(indexes) == [name for name in rounds.store.list("embeddings") if name.endswith(".rows.json")]


class WatchedStore(FileStore):
    """Remembers what was read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read_names: list[str] = []

    def read(self, name: str) -> bytes | None:
        self.read_names.append(name)
        return super().read(name)


def test_killed_after_every_write_it_ends_with_the_same_bytes(
    memory: Memory, rounds: RoundMaker, tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_cache, "BLOCK_ROWS", 2)
    whole, _ = embed(memory, rounds, maxTokens=64)
    other = RoundMaker(tmp_path_factory.mktemp("dying"))
    asked = message(other, maxTokens=64)
    result, killed_at = call_until_done(memory, other, "embed_rows", asked)
    endings = [name.partition(".")[2] for name in killed_at]
    assert endings == ["npy", "rows.json", "npy", "rows.json", "npy"], killed_at
    assert {**result, "seconds": 0} == {**whole, "seconds": 0}


def test_heartbeats_say_where_it_is_and_cancelling_ends_it(
    memory: Memory, rounds: RoundMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "HEARTBEAT_SECONDS", 0.01)
    environment = ActivityEnvironment()
    beats: list[Row] = []

    def beat(*details: Any) -> None:
        beats.extend(details)
        if details[0]["phase"] == "embedding":
            environment.cancel()

    environment.on_heartbeat = beat
    with pytest.raises(asyncio.CancelledError):
        call(memory, rounds.store, "embed_rows", message(rounds), environment)
    assert beats[-1].keys() == {"phase", "batch", "of", "loss"}
    assert rounds.store.read("t/vectors.npy") is None


def test_no_rows_give_a_file_without_rows(memory: Memory, rounds: RoundMaker) -> None:
    _, vectors = embed(memory, rounds, [])
    assert vectors.shape == (0, 576)


# What it refuses.


WRONG_ROWS = {
    "without turns": ({"id": "e", "turns": []}, "turns: "),
    "without a reply": ({"id": "e", "turns": [turn("Why?", "")]}, "turns.0.response: "),
    "with half a character": ({"id": "e", "turns": [turn("Why?", "\ud83c")]}, "turns.0.response: "),
    "with half a character in its id": ({"id": "\ud83c", "turns": [turn("Why?", "So.")]}, "id: "),
}


@pytest.mark.parametrize("kind", WRONG_ROWS)
def test_a_wrong_row_is_named_before_any_is_read(memory: Memory, rounds: RoundMaker, kind: str) -> None:
    row, where = WRONG_ROWS[kind]
    failure = refusal(memory, rounds.store, "embed_rows", message(rounds, [*ROWS, row]))
    assert (failure.type, failure.non_retryable) == ("CorruptData", True)
    assert f"t/rows.jsonl:5: {where}" in str(failure)
    assert not rounds.store.list("embeddings")


def test_a_name_that_no_store_takes_is_refused(memory: Memory, rounds: RoundMaker) -> None:
    failure = refusal(memory, rounds.store, "embed_rows", message(rounds, out="../vectors.npy"))
    assert (failure.type, failure.non_retryable) == ("InvalidInput", True)
    assert "../vectors.npy" in str(failure)


def test_another_store_is_refused(memory: Memory, rounds: RoundMaker) -> None:
    asked = message(rounds)
    rounds.store.write("store-id", b"another\n")
    failure = refusal(memory, rounds.store, "embed_rows", asked)
    assert (failure.type, failure.non_retryable) == ("WrongStore", False)


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a torn file": (".npy", lambda stored: stored[:-4]),
    "other values": (".npy", lambda stored: stored[:-1] + bytes([stored[-1] ^ 1])),
    "half an index": (".rows.json", lambda stored: stored[: len(stored) // 2]),
    "another text's name in the index": (".rows.json", lambda stored: stored.replace(b'["', b'["0', 1)),
    "an index without a list": (".rows.json", lambda _: b"{}"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_block_of_the_cache_is_named_and_once_removed_made_anew(
    memory: Memory, rounds: RoundMaker, computed: list[Row], damage: str
) -> None:
    ending, change = DAMAGES[damage]
    whole, _ = embed(memory, rounds)
    (name,) = [name for name in rounds.store.list("embeddings") if name.endswith(ending)]
    rounds.store.write(name, change(rounds.store.read(name) or b""))
    failure = refusal(memory, rounds.store, "embed_rows", message(rounds))
    assert (failure.type, failure.non_retryable) == ("CorruptData", True)
    assert name in str(failure)
    assert "remove it" in str(failure)
    rounds.store.remove(name)
    mended, _ = embed(memory, rounds)
    assert (mended["vectors"], len(computed)) == (whole["vectors"], 2 * len(ROWS))
    assert embed(memory, rounds)[0]["vectors"] == whole["vectors"]


def test_a_worker_that_knows_a_removed_block_makes_it_anew(memory: Memory, rounds: RoundMaker) -> None:
    activities = StudentActivities(rounds.store)
    activities.memory = memory
    first = asyncio.run(ActivityEnvironment().run(activities.embed_rows, message(rounds)))
    for name in rounds.store.list("embeddings"):
        rounds.store.remove(name)
    again = asyncio.run(ActivityEnvironment().run(activities.embed_rows, message(rounds)))
    assert again["vectors"] == first["vectors"]


def test_a_model_that_says_nothing_finite_is_refused(
    memory: Memory, rounds: RoundMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        embed_rows, "last_states", lambda _, ids: [torch.full((len(row), 576), torch.nan) for row in ids]
    )
    failure = refusal(memory, rounds.store, "embed_rows", message(rounds))
    assert (failure.type, failure.non_retryable) == ("NonFiniteLoss", True)
    assert not rounds.store.list("embeddings")
