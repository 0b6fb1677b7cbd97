"""Messages between the loop and the student, as `activities/student-messages.ts` defines them.

`messages.schema.json` is generated from that file; a test holds these classes to it.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from models.student.errors import FailureType, StudentError


def encodable(text: str) -> str:
    """The text; raises `ValueError` when it has half of a surrogate pair."""
    text.encode()
    return text


Positive = Annotated[float, Field(gt=0)]
String = Annotated[str, AfterValidator(encodable)]
"""Of a message. Not `str`: JSON can escape half of a character, which no file and no hash takes."""
Text = Annotated[String, Field(min_length=1)]
Score = Annotated[float, Field(ge=1, le=6)]
Device = Literal["auto", "cpu", "cuda", "mps"]
MaxTokens = Annotated[int, Field(ge=16)]
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

    uri: String
    sha256: String
    count: int


class RunContext(Message):
    """Which run, and which store its data lies in."""

    run_id: String
    store_url: String
    store_id: String


class StudentModel(Message):
    """Which model, and where it runs."""

    model: String
    device: Device


class StudentSettings(Message):
    """How the student is built and trained; the TypeScript side documents each."""

    model: String
    device: Device
    lora_rank: Annotated[int, Field(ge=1)]
    lora_alpha: Positive
    learning_rate: Positive
    warmup_steps: Annotated[int, Field(ge=0)]
    max_tokens: MaxTokens


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
    device: String
    seconds: float


class Example(Message):
    """One accepted candidate. `input` is empty when the instruction stands alone."""

    id: String
    instruction: String
    input: String
    output: String


class TrainingBatch(Message):
    """One row of `batches.jsonl`."""

    batch: String
    examples: Annotated[list[Example], Field(min_length=1)]


class HeldOutRow(Message):
    """One row of the held-out set."""

    id: String
    half: Literal["steering", "reporting"]
    instruction: String
    input: String
    output: String


class ExampleSignal(Message):
    """What the student said about one example."""

    id: String
    answer_loss: float
    score: float


class BatchSignal(Message):
    """One row of `signal.jsonl`."""

    batch: String
    gain: float | None
    standard_error: float | None
    examples: list[ExampleSignal]


class Turn(Message):
    """A message and the reply to it."""

    instruction: Text
    response: Text


class ConversationRow(Message):
    """One row to be embedded."""

    id: String
    turns: Annotated[list[Turn], Field(min_length=1)]


class EmbedRowsInput(Message):
    """What is to be embedded, and how."""

    run: RunContext
    rows: Ref
    out: String
    student: StudentModel
    pooling: Literal["last", "mean"]
    max_tokens: MaxTokens


class EmbedRowsResult(Message):
    """Where the vectors lie."""

    vectors: Ref
    dims: int
    truncated: int
    device: String
    seconds: float


class PromptRow(Message):
    """One row to be scored: a ready prompt per turn."""

    id: String
    prompts: Annotated[list[Text], Field(min_length=1)]


class ScoreRowsInput(Message):
    """What is to be scored, and by which scorer."""

    run: RunContext
    rows: Ref
    out: String
    student: StudentModel
    adapter: Ref | None
    max_tokens: MaxTokens


class PromptScores(Message):
    """One row of `scores`: per prompt the expected score, and the probability that the six score tokens hold."""

    id: String
    scores: list[Score | None]
    masses: list[float]


class ScoreRowsResult(Message):
    """Where the scores lie, and how many there are not."""

    scores: Ref
    missing: int
    too_long: int
    device: String
    seconds: float


class ScorerPair(Message):
    """One row of a scorer's training data."""

    id: String
    origin: String
    prompt: Text
    score: Score


class TrainScorerInput(Message):
    """Which scorer is to be trained, and on what."""

    run: RunContext
    pairs: Ref
    out: String
    student: StudentSettings
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    held_out_share: Annotated[float, Field(gt=0, lt=1)]
    seed: int


class ScorerQuality(Message):
    """What a scorer says about held-out pairs."""

    loss: float
    mean_absolute_error: float
    ordered: float | None


class PairCounts(Message):
    """Where the pairs went."""

    trained: int
    held_out: int
    too_long: int


class TrainScorerResult(Message):
    """The scorer, and how good it was before and after."""

    adapter: Ref
    before: ScorerQuality
    after: ScorerQuality
    pairs: PairCounts
    device: String
    seconds: float


class TrainRowsInput(Message):
    """Which rows a student is to be trained on, and what it is asked afterwards."""

    run: RunContext
    rows: Ref
    held_out: Ref
    prompts: Ref | None
    max_new_tokens: Annotated[int, Field(ge=1)]
    out: String
    student: StudentSettings
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    order: Literal["given", "drawn"]
    seed: int


class HeldOutLoss(Message):
    """Loss of one held-out row."""

    id: String
    half: Literal["steering", "reporting"]
    loss: float


class TaskPrompt(Message):
    """What the trained student is asked."""

    id: String
    instruction: Text
    input: String


class PromptAnswer(Message):
    """What the trained student said."""

    id: String
    text: String
    is_cut: bool


class TrainRowsResult(Message):
    """Where the figures lie, and their means."""

    held_out: Ref
    answers: Ref | None
    steering: float | None
    reporting: float | None
    tokens: int
    training_seconds: float
    seconds: float
    device: String


def parse(cls: type[M], value: Any, *, kind: FailureType, where: str) -> M:
    """The message, or a `StudentError` that names the first wrong key."""
    try:
        return cls.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise StudentError(kind, f"{where}: {key}: {first['msg']}") from error
