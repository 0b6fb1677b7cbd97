"""Messages between the loop and the student, as `activities/student-messages.ts` defines them.

`messages.schema.json` is generated from that file; a test holds these classes to it.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from models.student.errors import FailureType, StudentError

Positive = Annotated[float, Field(gt=0)]
M = TypeVar("M", bound="Message")


class Message(BaseModel):
    """camelCase on the wire, nothing unknown, no NaN and no Infinity."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, extra="forbid", strict=True, allow_inf_nan=False
    )

    def wire(self) -> dict[str, Any]:
        """As plain JSON values."""
        return self.model_dump(mode="json", by_alias=True)


class Ref(Message):
    """Data by reference: a name in the store, the SHA-256 of its bytes (hex), how many rows it has."""

    uri: str
    sha256: str
    count: int


class RunContext(Message):
    """Which run, and which store its data lies in."""

    run_id: str
    store_url: str
    store_id: str


class StudentSettings(Message):
    """How the student is built and trained; the TypeScript side documents each."""

    model: str
    device: Literal["auto", "cpu", "cuda", "mps"]
    lora_rank: Annotated[int, Field(ge=1)]
    lora_alpha: Positive
    learning_rate: Positive
    warmup_steps: Annotated[int, Field(ge=0)]
    max_tokens: Annotated[int, Field(ge=16)]


class TrainRoundInput(Message):
    """What the loop asks for."""

    run: RunContext
    round: Annotated[int, Field(ge=1)]
    batches: Ref
    held_out: Ref
    previous: Ref | None
    student: StudentSettings
    signal: Literal["train", "evaluate"]
    instruction_signal: Literal["alignment", "learnability", "random"]
    seed: int


class LossChange(Message):
    """Mean answer-token loss over a half of the held-out set, nats per token, before and after the round."""

    before: float
    after: float
    rows: int


class TrainRoundResult(Message):
    """What the round told."""

    signal: Ref
    checkpoint: Ref | None
    adapter: Ref | None
    steering: LossChange
    reporting: LossChange
    device: str
    seconds: float


class Example(Message):
    """One accepted candidate. `input` is empty when the instruction stands alone."""

    id: str
    instruction: str
    input: str
    output: str


class TrainingBatch(Message):
    """One row of `batches.jsonl`."""

    batch: str
    examples: Annotated[list[Example], Field(min_length=1)]


class HeldOutRow(Message):
    """One row of the held-out set."""

    id: str
    half: Literal["steering", "reporting"]
    instruction: str
    input: str
    output: str


class ExampleSignal(Message):
    """What the student said about one example."""

    id: str
    answer_loss: float
    score: float


class BatchSignal(Message):
    """One row of `signal.jsonl`."""

    batch: str
    gain: float | None
    standard_error: float | None
    examples: list[ExampleSignal]


def parse(cls: type[M], value: Any, *, kind: FailureType, where: str) -> M:
    """The message, or a `StudentError` that names the first wrong key."""
    try:
        return cls.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise StudentError(kind, f"{where}: {key}: {first['msg']}") from error
