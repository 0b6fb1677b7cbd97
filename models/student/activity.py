"""`trainRound` as Temporal sees it: messages in and out, heartbeats, cancellation, failures with types."""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from models.store import Store
from models.student.errors import StudentError
from models.student.messages import StudentSettings, TrainRoundInput, TrainRoundResult, parse
from models.student.model import Student, load_student
from models.student.progress import Progress
from models.student.round_files import RoundFiles
from models.student.train_round import train_round

HEARTBEAT_SECONDS = 1.0
"""The client sends fewer: it groups them to a part of the activity's heartbeat timeout."""


class TrainRound:
    """The activity, with the model that it keeps in memory from round to round."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.loaded: tuple[StudentSettings, Student] | None = None

    @activity.defn(name="trainRound")
    async def train_round(self, message: Any) -> Any:
        """TrainRoundInput → TrainRoundResult, as `activities/student-messages.ts` defines them."""
        progress = Progress()
        work = asyncio.create_task(asyncio.to_thread(self.run, message, progress))
        try:
            while not (await asyncio.wait([work], timeout=HEARTBEAT_SECONDS))[0]:
                activity.heartbeat(progress.payload())
            return work.result().wire()
        except asyncio.CancelledError:
            # The thread ends before its next pass through the model; another round must not start beside it.
            progress.cancel()
            await asyncio.wait([work])
            work.exception()  # whatever it ended with, nobody waits for it
            raise
        except StudentError as error:
            # Its message says all that there is to say; a trace of how it came about would only fill log and history.
            raise ApplicationError(
                str(error), error.details, type=error.kind, non_retryable=not error.retryable
            ) from None

    def run(self, message: Any, progress: Progress) -> TrainRoundResult:
        """The round itself, in a thread of its own. Raises `StudentError`, or `Cancelled` when told to stop."""
        asked = parse(TrainRoundInput, message, kind="InvalidInput", where="trainRound")
        files = RoundFiles(self.store, asked)
        files.check_store()
        progress.at("loading the model")
        return train_round(self.student(asked.student), files, progress)

    def student(self, settings: StudentSettings) -> Student:
        """The model, loaded only when it is another than last time."""
        if self.loaded is None or shape(self.loaded[0]) != shape(settings):
            self.loaded = None
            self.loaded = (settings, load_student(settings))
        return self.loaded[1]


def shape(settings: StudentSettings) -> tuple:
    """What decides which model is in memory; the rest of the settings is about training it."""
    return settings.model, settings.device, settings.lora_rank, settings.lora_alpha
