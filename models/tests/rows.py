"""Calls of the student's activities on rows, as Temporal makes them."""

import asyncio
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from models.store import FileStore, Store
from models.student.activity import StudentActivities
from models.student.memory import Memory
from models.tests.rounds import STORE_ID, RoundMaker

MODEL = {"model": "smollm2-135m", "device": "cpu"}
RUN = {"runId": "t", "storeUrl": "file:///run", "storeId": STORE_ID}


def call(memory: Memory, store: Store, name: str, message: Any, environment: ActivityEnvironment | None = None) -> Any:
    """The activity's answer."""
    activities = StudentActivities(store)
    activities.memory = memory
    return asyncio.run((environment or ActivityEnvironment()).run(getattr(activities, name), message))


def refusal(memory: Memory, store: Store, name: str, message: Any) -> ApplicationError:
    """The failure that the workflow sees."""
    with pytest.raises(ApplicationError) as refused:
        call(memory, store, name, message)
    assert len(str(refused.value).splitlines()) == 1
    return refused.value


def call_until_done(memory: Memory, rounds: RoundMaker, name: str, message: Any) -> tuple[Any, list[str]]:
    """The answer of the activity whose worker dies at every write, and after which writes it died."""
    killed_at: list[str] = []
    while True:
        try:
            return call(memory, DyingStore(rounds.store.root), name, message), killed_at
        except Killed as death:
            killed_at.append(str(death))
            assert len(killed_at) < 30, killed_at


class Killed(Exception):
    """A worker's end between two writes."""


class DyingStore(FileStore):
    """Ends the worker right after it has stored something new; nothing else is written then."""

    def write(self, name: str, data: bytes) -> None:
        known = self.read(name) == data
        super().write(name, data)
        if not known:
            raise Killed(name)

    def create(self, name: str, data: bytes) -> bool:
        if super().create(name, data):
            raise Killed(name)
        return False
