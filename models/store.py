"""Where data lies, for the student: what `store/types.ts` promises, in Python, for the same two kinds of store.

    store = open_store("file:///data/runs")        # or s3://bucket/prefix, endpoint from AWS_ENDPOINT_URL
    store.create("calls/ab.json", b"{}")           # False, and nothing changed, when the name is taken

Both drivers are held to `store/conformance.json`, as the TypeScript ones are.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

MAX_NAME_LENGTH = 800
PART = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,199}")
TEMPORARY_FILE = re.compile(r"\.\d+$")


class StoreError(Exception):
    """A store that cannot be used as asked; the message says where and what to do."""


class InvalidNameError(StoreError):
    """A name that no store takes."""


class Store(Protocol):
    """Names are paths below the store's root: `[A-Za-z0-9._=-]` parts between slashes, none begins with a dot."""

    url: str

    def read(self, name: str) -> bytes | None:
        """The bytes, or None when there is no such name."""
        ...

    def write(self, name: str, data: bytes) -> None:
        """Atomic and durable; replaces what was there."""
        ...

    def create(self, name: str, data: bytes) -> bool:
        """Atomic and durable; the first writer wins. False, and nothing changed, when the name exists."""
        ...

    def list(self, prefix: str) -> list[str]:
        """Whole names below a folder, sorted by code unit."""
        ...

    def remove(self, name: str) -> None:
        """No error when there is no such name."""
        ...


def open_store(url: str) -> Store:
    """The store at `file:///folder` (made when it is missing) or `s3://bucket/prefix`."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return FileStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return S3Store(parts.netloc, parts.path.strip("/"))
    raise StoreError(f"{url!r} is no store: give file:///folder or s3://bucket/prefix")


def check_name(name: str) -> str:
    """Returns the name when a store takes it; raises `InvalidNameError` when not."""
    check_parts(name)
    if TEMPORARY_FILE.search(name):
        raise InvalidNameError(f"{name!r} ends in a dot and digits, as only temporary files do")
    return name


def check_folder(prefix: str) -> str:
    """Returns the folder's name when a store takes it; '' is the whole store."""
    if prefix:
        check_parts(prefix)
    return prefix


def check_parts(name: str) -> None:
    """Raises `InvalidNameError` unless every part between slashes is one that a store takes."""
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise InvalidNameError(f"a name has 1 to {MAX_NAME_LENGTH} characters, this one {len(name)}")
    if not all(PART.fullmatch(part) for part in name.split("/")):
        raise InvalidNameError(
            f"{name!r} is no name in a store: parts between slashes have 1 to 200 letters, digits or ._=- "
            "and do not begin with a dot"
        )


class FileStore:
    """A store in a folder of this machine, or one that several machines mount."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()
        self.url = self.root.as_uri()

    def read(self, name: str) -> bytes | None:
        """See `Store.read`."""
        try:
            return self._path(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def write(self, name: str, data: bytes) -> None:
        """See `Store.write`: temporary file, fsync, rename, fsync of the folder."""
        path = self._path(name)
        with self._temporary(path.parent, data) as temporary:
            temporary.replace(path)
        sync_folder(path.parent)

    def create(self, name: str, data: bytes) -> bool:
        """See `Store.create`: a link, unlike a rename, fails when the name is taken."""
        path = self._path(name)
        with self._temporary(path.parent, data) as temporary:
            try:
                path.hardlink_to(temporary)
                created = True
            except FileExistsError:
                created = False
        # Also for the loser: whoever won may have died before its own fsync, and what we report must last.
        sync_folder(path.parent)
        return created

    def list(self, prefix: str) -> list[str]:
        """See `Store.list`. Temporary files are left out."""
        start = self.root / check_folder(prefix)
        names = []
        for folder, folders, files in os.walk(start):
            folders[:] = [entry for entry in folders if not entry.startswith(".")]
            for file in files:
                if not file.startswith(".") and not TEMPORARY_FILE.search(file):
                    names.append((Path(folder) / file).relative_to(self.root).as_posix())
        return sorted(names)

    def remove(self, name: str) -> None:
        """See `Store.remove`."""
        path = self._path(name)
        if path.is_file():
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def _path(self, name: str) -> Path:
        path = self.root / check_name(name)
        if path.is_symlink() or not path.parent.resolve().is_relative_to(self.root):
            raise StoreError(f"{path} leads out of the store by a symbolic link: remove that link")
        return path

    @contextmanager
    def _temporary(self, folder: Path, data: bytes) -> Iterator[Path]:
        make_folder(folder)
        temporary = folder / f".new-{secrets.token_hex(8)}"
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Makes a folder and its parents, durably."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Makes changes of a folder's entries durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class S3Store:
    """A store below a prefix of a bucket of any S3-compatible service that honours `If-None-Match`."""

    def __init__(self, bucket: str, prefix: str) -> None:
        import boto3
        from botocore.exceptions import ClientError

        self.client: Any = boto3.client("s3")
        self.refused = ClientError
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")

    def read(self, name: str) -> bytes | None:
        """See `Store.read`."""
        try:
            return self.client.get_object(**self._at(name))["Body"].read()
        except self.refused as error:
            if status(error) == 404 and code(error) != "NoSuchBucket":
                return None
            raise

    def write(self, name: str, data: bytes) -> None:
        """See `Store.write`."""
        self.client.put_object(**self._at(name), Body=data)

    def create(self, name: str, data: bytes) -> bool:
        """See `Store.create`. The service answers 412 to whoever comes second, 409 to one of two at the same time."""
        for _ in range(5):
            try:
                self.client.put_object(**self._at(name), Body=data, IfNoneMatch="*")
                return True
            except self.refused as error:
                if status(error) == 412:
                    return False
                if status(error) != 409:
                    raise
        raise StoreError(f"{self.url}/{name}: the service answered 409 (conflict) five times in a row")

    def list(self, prefix: str) -> list[str]:
        """See `Store.list`."""
        folder = self.prefix + (f"{check_folder(prefix)}/" if prefix else "")
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=folder)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return sorted(key.removeprefix(self.prefix) for key in keys)

    def remove(self, name: str) -> None:
        """See `Store.remove`."""
        self.client.delete_object(**self._at(name))

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.prefix + check_name(name)}


def status(error: Any) -> int:
    """HTTP status of a refusal by an S3 service."""
    return error.response["ResponseMetadata"]["HTTPStatusCode"]


def code(error: Any) -> str:
    """The service's own word for why it refused."""
    return error.response["Error"]["Code"]
