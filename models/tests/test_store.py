"""Both drivers beside `store/conformance.json`, the S3 one on a real local server."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from models.store import InvalidNameError, Store, StoreError, open_store

ROOT = Path(__file__).resolve().parents[2]
CASES = json.loads((ROOT / "store" / "conformance.json").read_text())
BUCKET = "seedmill-test"


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    """A bucket on a server of this machine, which S3 clients find by the usual settings."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("NO_PROXY", "127.0.0.1")
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield f"s3://{BUCKET}"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    if request.param == "file":
        return (tmp_path / "a store").as_uri()
    return f"{request.getfixturevalue('s3_url')}/{tmp_path.name}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_conforms(url: str, case: dict[str, Any]) -> None:
    store = open_store(url)
    operations: dict[str, Callable[[dict[str, Any]], Any]] = {
        "write": lambda step: store.write(step["name"], step["text"].encode()),
        "create": lambda step: store.create(step["name"], step["text"].encode()),
        "read": lambda step: text(store.read(step["name"])),
        "list": lambda step: store.list(step["prefix"]),
        "remove": lambda step: store.remove(step["name"]),
    }
    for step in case["steps"]:
        operation = operations[step["op"]]
        if step.get("expect") == {"error": "name"}:
            with pytest.raises(InvalidNameError):
                operation(step)
        else:
            assert operation(step) == step.get("expect"), step


def text(data: bytes | None) -> str | None:
    return None if data is None else data.decode()


def test_what_one_process_writes_another_reads(url: str) -> None:
    open_store(url).write("run/a.txt", b"one")
    assert open_store(url).read("run/a.txt") == b"one"


def test_a_store_says_where_it_is(url: str) -> None:
    store = open_store(url)
    assert store.url == url
    assert open_store(store.url).list("") == []


def test_exactly_one_of_many_creators_wins(tmp_path: Path) -> None:
    stores = [open_store(tmp_path.as_uri()) for _ in range(12)]

    def create(number: int) -> bool:
        return stores[number].create("race/one.json", b"answer %d" % number)

    with ThreadPoolExecutor(len(stores)) as pool:
        wins = list(pool.map(create, range(len(stores))))
    assert wins.count(True) == 1
    assert stores[0].read("race/one.json") == b"answer %d" % wins.index(True)
    assert stores[0].list("") == ["race/one.json"]


def test_no_temporary_file_stays_behind(tmp_path: Path) -> None:
    store = open_store(tmp_path.as_uri())
    store.write("run/a.txt", b"one")
    store.create("run/a.txt", b"two")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["a.txt"]


def test_a_link_that_leads_out_of_the_store_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    store = open_store((tmp_path / "store").as_uri())
    (tmp_path / "store" / "run").symlink_to(outside)
    with pytest.raises(StoreError, match="symbolic link"):
        store.write("run/a.txt", b"x")
    assert list(outside.iterdir()) == []


def test_a_missing_bucket_is_no_missing_name(s3_url: str) -> None:
    store: Store = open_store(f"{s3_url}-none/prefix")
    with pytest.raises(Exception, match="NoSuchBucket"):
        store.read("run/a.txt")


@pytest.mark.parametrize("wrong", ["/data/runs", "http://host/bucket", "s3://", "file://host/data"])
def test_what_is_no_store_is_named(wrong: str) -> None:
    with pytest.raises(StoreError, match=wrong):
        open_store(wrong)
