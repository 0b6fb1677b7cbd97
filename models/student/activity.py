"""The student's activities as Temporal sees them: messages, heartbeats, cancellation, failures with types."""

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.store import Store
from models.student.data import check_store
from models.student.embed_rows import embed_rows
from models.student.errors import StudentError
from models.student.memory import Memory
from models.student.messages import (
    EmbedRowsInput,
    Message,
    ScoreRowsInput,
    TrainRoundInput,
    TrainRowsInput,
    TrainScorerInput,
    parse,
)
from models.student.progress import Progress
from models.student.round_files import RoundFiles
from models.student.row_cache import RowCaches
from models.student.score_rows import score_rows
from models.student.train_round import train_round
from models.student.train_rows import train_rows
from models.student.train_scorer import train_scorer

HEARTBEAT_SECONDS = 1.0
"""The client sends fewer: it groups them to a part of the activity's heartbeat timeout."""


class StudentActivities:
    """All of them, with the model and the indexes that they keep in memory.

    Inputs and results: `activities/student-messages.ts`.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.memory = Memory()
        self.caches = RowCaches(store)

    def all(self) -> list[Callable[..., Any]]:
        """What a worker registers."""
        return [self.train_round, self.embed_rows, self.score_rows, self.train_scorer, self.train_rows]

    @activity.defn(name="trainRound")
    async def train_round(self, message: Any) -> Any:
        """TrainRoundInput → TrainRoundResult."""
        return await in_thread(self._train_round, message)

    @activity.defn(name="embedRows")
    async def embed_rows(self, message: Any) -> Any:
        """EmbedRowsInput → EmbedRowsResult."""
        return await in_thread(self._embed_rows, message)

    @activity.defn(name="scoreRows")
    async def score_rows(self, message: Any) -> Any:
        """ScoreRowsInput → ScoreRowsResult."""
        return await in_thread(self._score_rows, message)

    @activity.defn(name="trainScorer")
    async def train_scorer(self, message: Any) -> Any:
        """TrainScorerInput → TrainScorerResult."""
        return await in_thread(self._train_scorer, message)

    @activity.defn(name="trainRows")
    async def train_rows(self, message: Any) -> Any:
        """TrainRowsInput → TrainRowsResult."""
        return await in_thread(self._train_rows, message)

    def _train_round(self, message: Any, progress: Progress) -> Message:
        asked = parse(TrainRoundInput, message, kind="InvalidInput", where="trainRound")
        check_store(self.store, asked.run)
        progress.at("loading the model")
        return train_round(self.memory.to_train(asked.student), RoundFiles(self.store, asked), progress)

    def _embed_rows(self, message: Any, progress: Progress) -> Message:
        asked = parse(EmbedRowsInput, message, kind="InvalidInput", where="embedRows")
        check_store(self.store, asked.run)
        progress.at("loading the model")
        return embed_rows(self.memory.bare(asked.student), self.caches, asked, progress)

    def _score_rows(self, message: Any, progress: Progress) -> Message:
        asked = parse(ScoreRowsInput, message, kind="InvalidInput", where="scoreRows")
        check_store(self.store, asked.run)
        progress.at("loading the model")
        if asked.adapter is None:
            model = self.memory.bare(asked.student)
        else:
            model = self.memory.wearing(asked.student, self.store, asked.adapter)
        return score_rows(model, self.caches, asked, progress)

    def _train_scorer(self, message: Any, progress: Progress) -> Message:
        asked = parse(TrainScorerInput, message, kind="InvalidInput", where="trainScorer")
        check_store(self.store, asked.run)
        progress.at("loading the model")
        return train_scorer(self.memory.to_train(asked.student), self.store, asked, progress)

    def _train_rows(self, message: Any, progress: Progress) -> Message:
        asked = parse(TrainRowsInput, message, kind="InvalidInput", where="trainRows")
        check_store(self.store, asked.run)
        progress.at("loading the model")
        return train_rows(self.memory.to_train(asked.student), self.store, asked, progress)


async def in_thread(work: Callable[[Any, Progress], Message], message: Any) -> Any:
    """The work's result as plain JSON values, done in a thread of its own between heartbeats.

    The work raises `StudentError`, or `Cancelled` when told to stop.
    """
    progress = Progress()
    task = asyncio.create_task(asyncio.to_thread(work, message, progress))
    try:
        while not (await asyncio.wait([task], timeout=HEARTBEAT_SECONDS))[0]:
            activity.heartbeat(progress.payload())
        return task.result().wire()
    except asyncio.CancelledError:
        # The thread ends before its next pass through the model; another activity must not start beside it.
        progress.cancel()
        await asyncio.wait([task])
        task.exception()  # whatever it ended with, nobody waits for it
        raise
    except StudentError as error:
        # Its message says all that there is to say; a trace of how it came about would only fill log and history.
        raise ApplicationError(str(error), error.details, type=error.kind, non_retryable=not error.retryable) from None
