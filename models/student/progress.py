"""Where a round stands: written by the thread that trains, read by the one that sends heartbeats."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from models.student.errors import Cancelled


@dataclass(frozen=True)
class Position:
    """Also the heartbeat's payload: `batch` (or row) so many `of` so many, the phase's latest loss or null."""

    phase: str
    batch: int = 0
    of: int = 0
    loss: float | None = None


class Progress:
    """Shared by two threads: a position is replaced as a whole, never changed."""

    def __init__(self) -> None:
        self._position = Position("starting")
        self._cancelled = threading.Event()

    def at(self, phase: str, *, batch: int = 0, of: int = 0, loss: float | None = None) -> None:
        """Records the position. Raises `Cancelled` when the round is no longer wanted."""
        self._position = Position(phase, batch, of, loss)
        self.go_on()

    def go_on(self) -> None:
        """Raises `Cancelled` when the round is no longer wanted. Called before every pass through the model."""
        if self._cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        """Ends the round before its next pass through the model."""
        self._cancelled.set()

    def payload(self) -> dict[str, Any]:
        """The latest position, for a heartbeat."""
        return asdict(self._position)
