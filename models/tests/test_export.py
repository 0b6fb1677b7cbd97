"""What `seedmill export` writes, as those who read it read it: datasets, TRL, and the Hub's own card parser."""

import json
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import datasets
import datasets.config
import pyarrow.parquet as parquet
import pytest
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt
from trl.data_utils import is_conversational

ROOT = Path(__file__).parents[2]
METHODS = ["sedi", "self-instruct", "skillmix", "deita", "evolve"]
JSON_FORMATS = ["messages", "alpaca", "sharegpt", "chatml", "trl", "llama-factory"]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exports")
    command = ["node", "--import", "tsx", "test/export/write-exports.ts", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=120)
    return out


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    yield


def load_json(folder: Path, sub: str = "") -> datasets.DatasetDict:
    files = {split: next(map(str, (folder / sub).glob(f"{split}.json*"))) for split in ("train", "test")}
    loaded = datasets.load_dataset("json", data_files=files)
    assert isinstance(loaded, datasets.DatasetDict)
    return loaded


def load_parquet(pattern: Path) -> datasets.Dataset:
    loaded = datasets.load_dataset("parquet", data_files=str(pattern), split="train")
    assert isinstance(loaded, datasets.Dataset)
    return loaded


def rows_of(loaded: datasets.Dataset) -> list[dict[str, Any]]:
    rows = loaded.to_list()
    assert isinstance(rows, list)
    return rows


def load_folder(folder: Path, config: str = "default") -> datasets.DatasetDict:
    loaded = datasets.load_dataset(str(folder), config)
    assert isinstance(loaded, datasets.DatasetDict)
    return loaded


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("format_name", JSON_FORMATS)
def test_datasets_loads_every_json_format(exports: Path, method: str, format_name: str) -> None:
    loaded = load_json(exports / method / format_name)
    expected = load_folder(exports / method / "huggingface")
    for split in ("train", "test"):
        assert loaded[split].num_rows == expected[split].num_rows > 0


@pytest.mark.parametrize("method", METHODS)
def test_the_hugging_face_folder_has_what_its_card_says(exports: Path, method: str) -> None:
    folder = exports / method / "huggingface"
    card = DatasetCard.load(folder / "README.md")
    info: dict[str, Any] = card.data.to_dict()
    sizes = {}
    for described in info["dataset_info"]:
        config = described["config_name"]
        loaded = load_folder(folder, config)
        said = datasets.Features._from_yaml_list(described["features"])
        place = "data" if config == "default" else config
        for split in described["splits"]:
            rows = loaded[split["name"]]
            assert rows.num_rows == split["num_examples"]
            assert rows.features == said
            # What is in the files, before the card's word for it is taken.
            found = parquet.read_schema(next((folder / place).glob(f"{split['name']}-*.parquet")))
            assert datasets.Features.from_arrow_schema(found) == said
        sizes[config] = sum(split["num_examples"] for split in described["splits"])
    assert info["size_categories"] == ["n<1K"]
    assert {"synthetic", "seedmill"} <= set(info["tags"])
    assert ("preference" in sizes) == (method == "evolve")


def test_the_card_states_licence_and_language_as_they_are_known(exports: Path) -> None:
    def stated(method: str) -> tuple[Any, Any, Any]:
        data = DatasetCard.load(exports / method / "huggingface" / "README.md").data.to_dict()
        return data.get("license"), data.get("license_name"), data.get("language")

    assert stated("sedi") == ("apache-2.0", None, ["en"])
    assert stated("self-instruct") == ("unknown", None, ["en"])
    # Norwegian, which YAML 1.1 would read as false.
    assert stated("skillmix") == ("unknown", None, ["no"])
    assert stated("deita") == ("other", "my-own-terms", None)
    assert stated("evolve") == ("cc-by-4.0", None, None)


@pytest.mark.parametrize("method", METHODS)
def test_rows_are_the_same_in_parquet_and_in_json(exports: Path, method: str) -> None:
    rows = rows_of(load_folder(exports / method / "huggingface")["train"])
    lines = (exports / method / "messages" / "train.jsonl").read_text().splitlines()
    assert [row["messages"] for row in rows] == [json.loads(line)["messages"] for line in lines]
    assert rows_of(load_parquet(exports / method / "parquet" / "train-*.parquet")) == rows


def test_batches_keep_their_order(exports: Path) -> None:
    found = [row["batch"] for row in rows_of(load_folder(exports / "sedi" / "huggingface")["train"])]
    batches = [batch for batch in found if batch is not None]
    assert batches == sorted(batches)
    waiting = [batch is None for batch in found]
    assert waiting == sorted(waiting) and any(waiting)


@pytest.mark.parametrize("method", METHODS)
def test_trl_takes_the_rows_as_conversations(exports: Path, method: str) -> None:
    for row in rows_of(load_json(exports / method / "trl")["train"]):
        assert is_conversational({key: row[key] for key in ("prompt", "completion")})
        assert [message["role"] for message in row["completion"]] == ["assistant"]
        assert row["prompt"][-1]["role"] == "user"


@pytest.mark.parametrize("place", ["trl", "huggingface"])
def test_trl_takes_the_pairs_as_preferences(exports: Path, place: str) -> None:
    folder = exports / "evolve" / place
    pairs = load_json(folder, "preference") if place == "trl" else load_folder(folder, "preference")
    assert set(pairs["train"].column_names) == {"prompt", "chosen", "rejected", "margin"}
    for pair in rows_of(pairs["train"]):
        assert is_conversational(pair)
        assert pair["chosen"] != pair["rejected"]


def test_llama_factory_is_told_of_every_file(exports: Path) -> None:
    for method in METHODS:
        folder = exports / method / "llama-factory"
        info = json.loads((folder / "dataset_info.json").read_text())
        files = {str(file.relative_to(folder)) for file in folder.rglob("*.jsonl")}
        assert {entry["file_name"] for entry in info.values()} == files
        for entry in info.values():
            loaded = datasets.load_dataset("json", data_files=str(folder / entry["file_name"]))
            assert set(entry["columns"].values()) <= set(loaded["train"].column_names)


class Tags(HTMLParser):
    """Every tag and link of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links.update(value or "" for name, value in attrs if name in ("href", "src"))


@pytest.mark.parametrize("method", METHODS)
def test_no_text_does_anything_in_the_card(exports: Path, method: str) -> None:
    card = DatasetCard.load(exports / method / "huggingface" / "README.md")
    page = Tags()
    # HTML passes through, so that any that is there is seen.
    page.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(card.text))
    allowed = ["h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "pre", "code", "ul", "li", "a"]
    assert page.tags <= set(allowed)
    assert all(link.startswith("https://arxiv.org/abs/") for link in page.links)
    assert "\x1b" not in card.content
