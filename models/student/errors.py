"""Why a round could not be trained, in terms that the workflow can act on."""

from typing import Literal

FailureType = Literal[
    "InvalidInput",  # the message from the loop does not have the agreed shape
    "WrongStore",  # this worker sees another store than the run's; retryable: another worker may see the right one
    "MissingData",  # a reference to something that is not in the store
    "CorruptData",  # bytes that are not those of their reference, or rows that do not parse
    "InputChanged",  # this round has already been begun with other input
    "ModelNotFound",
    "NonFiniteLoss",
]


class StudentError(Exception):
    """A failure of a known type. `details` travel with it: plain values only."""

    def __init__(self, kind: FailureType, message: str, *, retryable: bool = False, **details: str | float) -> None:
        super().__init__(message)
        self.kind: FailureType = kind
        self.retryable = retryable
        self.details = details


class Cancelled(Exception):
    """The loop no longer wants this round; raised between two steps."""
