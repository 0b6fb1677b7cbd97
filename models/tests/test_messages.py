"""The student's messages: the same shapes and the same verdicts as on the TypeScript side."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from models.student import messages
from models.student.errors import StudentError
from models.student.messages import Message, TrainRoundInput, TrainRoundResult, parse

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "models" / "student" / "messages.schema.json").read_text())
CLASSES: dict[str, type[Message]] = {
    "studentSettings": messages.StudentSettings,
    "trainRoundInput": messages.TrainRoundInput,
    "trainRoundResult": messages.TrainRoundResult,
    "trainingBatch": messages.TrainingBatch,
    "heldOutRow": messages.HeldOutRow,
    "batchSignal": messages.BatchSignal,
    "conversationRow": messages.ConversationRow,
    "embedRowsInput": messages.EmbedRowsInput,
    "embedRowsResult": messages.EmbedRowsResult,
    "promptRow": messages.PromptRow,
    "scoreRowsInput": messages.ScoreRowsInput,
    "promptScores": messages.PromptScores,
    "scoreRowsResult": messages.ScoreRowsResult,
    "scorerPair": messages.ScorerPair,
    "trainScorerInput": messages.TrainScorerInput,
    "trainScorerResult": messages.TrainScorerResult,
    "trainRowsInput": messages.TrainRowsInput,
    "heldOutLoss": messages.HeldOutLoss,
    "taskPrompt": messages.TaskPrompt,
    "promptAnswer": messages.PromptAnswer,
    "trainRowsResult": messages.TrainRowsResult,
}

REF = {"uri": "run-1/rounds/002/batches.jsonl", "sha256": "ab" * 32, "count": 3}
TASK = {"id": "e1", "instruction": "Grüße 世界 🌱", "input": "", "output": "line one\nline \u2028 two \u0000"}
RUN = {"runId": "run-1", "storeUrl": "file:///data", "storeId": "5d0c"}
SETTINGS = {
    "model": "smollm2-135m",
    "device": "auto",
    "loraRank": 8,
    "loraAlpha": 16,
    "learningRate": 1e-7,
    "warmupSteps": 0,
    "maxTokens": 512,
}
MODEL = {"model": "smollm2-135m", "device": "cuda"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "trainRowsInput": {
        "run": RUN,
        "rows": REF,
        "heldOut": REF,
        "prompts": None,
        "maxNewTokens": 128,
        "out": "eval-1/base",
        "student": SETTINGS,
        "epochs": 1,
        "batchSize": 8,
        "order": "given",
        "seed": 1,
    },
    "heldOutLoss": {"id": "h1", "half": "reporting", "loss": 2.5},
    "taskPrompt": {"id": "p1", "instruction": "Grüße 世界 🌱", "input": ""},
    "promptAnswer": {"id": "p1", "text": "", "isCut": False},
    "trainRowsResult": {
        "heldOut": REF,
        "answers": REF,
        "steering": None,
        "reporting": 2.25,
        "tokens": 10,
        "trainingSeconds": 0.5,
        "seconds": 1,
        "device": "cpu",
    },
    "studentSettings": SETTINGS,
    "trainRoundInput": {
        "run": RUN,
        "round": 2,
        "batches": REF,
        "heldOut": REF,
        "previous": None,
        "student": SETTINGS,
        "signal": "train",
        "instructionSignal": "alignment",
        "seed": -7,
    },
    "trainRoundResult": {
        "signal": REF,
        "checkpoint": REF,
        "adapter": None,
        "steering": {"before": 2.5, "after": 2.0, "rows": 12},
        "reporting": {"before": 2.33333333333333, "after": 1e-12, "rows": 13},
        "device": "cpu",
        "seconds": 12.345,
    },
    "trainingBatch": {"batch": "r002-b1", "examples": [TASK, {**TASK, "id": "e2", "input": "x"}]},
    "heldOutRow": {**TASK, "half": "reporting"},
    "batchSignal": {
        "batch": "r002-b1",
        "gain": -0.00123457,
        "standardError": 1.5e-05,
        "examples": [{"id": "e1", "answerLoss": 3.0, "score": 0.25}],
    },
    "conversationRow": {"id": "c1", "turns": [{"instruction": "Grüße 🌱", "response": " \u2028"}]},
    "embedRowsInput": {
        "run": RUN,
        "rows": REF,
        "out": "run-1/embeddings.npy",
        "student": MODEL,
        "pooling": "last",
        "maxTokens": 2048,
    },
    "embedRowsResult": {"vectors": REF, "dims": 576, "truncated": 0, "device": "cpu", "seconds": 0.5},
    "promptRow": {"id": "c1", "prompts": ["##Query: a  \n##Complexity: "]},
    "scoreRowsInput": {
        "run": RUN,
        "rows": REF,
        "out": "run-1/complexity.jsonl",
        "student": MODEL,
        "adapter": None,
        "maxTokens": 16,
    },
    "promptScores": {"id": "c1", "scores": [1.0, None, 5.5], "masses": [0.999, 0.5, 0.0]},
    "scoreRowsResult": {"scores": REF, "missing": 1, "tooLong": 1, "device": "cpu", "seconds": 0.5},
    "scorerPair": {"id": "c1-2", "origin": "c1", "prompt": "##Complexity: ", "score": 2.5},
    "trainScorerInput": {
        "run": RUN,
        "pairs": REF,
        "out": "run-1/scorers/complexity",
        "student": SETTINGS,
        "epochs": 1,
        "batchSize": 1,
        "heldOutShare": 0.2,
        "seed": -1,
    },
    "trainScorerResult": {
        "adapter": REF,
        "before": {"loss": 9.5, "meanAbsoluteError": 1.5, "ordered": None},
        "after": {"loss": 1e-5, "meanAbsoluteError": 0.25, "ordered": 1.0},
        "pairs": {"trained": 80, "heldOut": 20, "tooLong": 0},
        "device": "cpu",
        "seconds": 12.345,
    },
}


def changed(name: str, path: str, value: Any) -> tuple[str, dict[str, Any]]:
    """An example with one value replaced; the path's last part may be a new key."""
    message = json.loads(json.dumps(EXAMPLES[name]))
    *parts, last = path.split(".")
    place: Any = message
    for part in parts:
        place = place[int(part)] if isinstance(place, list) else place[part]
    key: Any = int(last) if isinstance(place, list) else last
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return name, message


REFUSED = {
    "an unknown key": changed("trainRoundInput", "learningrate", 1),
    "an unknown key inside": changed("trainRoundInput", "student.dropout", 0.1),
    "the name that a field has in Python": changed("trainRoundInput", "student.lora_rank", 8),
    "a missing key": changed("trainRoundInput", "seed", ...),
    "null for what is not nullable": changed("trainRoundInput", "batches", None),
    "a round before the first": changed("trainRoundInput", "round", 0),
    "a part of a round": changed("trainRoundInput", "round", 1.5),
    "a number as text": changed("trainRoundInput", "round", "1"),
    "a learning rate of 0": changed("trainRoundInput", "student.learningRate", 0),
    "too few tokens": changed("trainRoundInput", "student.maxTokens", 15),
    "an unknown device": changed("trainRoundInput", "student.device", "tpu"),
    "an unknown signal": changed("trainRoundInput", "signal", "none"),
    "true as a number": changed("trainRoundResult", "steering.rows", True),
    "no loss": changed("trainRoundResult", "steering.after", None),
    "an empty batch": changed("trainingBatch", "examples", []),
    "an unknown half": changed("heldOutRow", "half", "test"),
    "a conversation without turns": changed("conversationRow", "turns", []),
    "a turn without a reply": changed("conversationRow", "turns.0.response", ""),
    "a row without prompts": changed("promptRow", "prompts", []),
    "an empty prompt": changed("promptRow", "prompts", [""]),
    "an unknown pooling": changed("embedRowsInput", "pooling", "max"),
    "training settings where nothing is trained": changed("scoreRowsInput", "student", SETTINGS),
    "a score above 6": changed("scorerPair", "score", 6.5),
    "an expected score below 1": changed("promptScores", "scores", [0]),
    "nothing held out": changed("trainScorerInput", "heldOutShare", 0),
    "everything held out": changed("trainScorerInput", "heldOutShare", 1),
    "no epoch": changed("trainScorerInput", "epochs", 0),
    "an example without a score": changed("batchSignal", "examples.0.score", ...),
}


@pytest.mark.parametrize("name", CLASSES)
def test_has_the_fields_that_typescript_has(name: str) -> None:
    schema = CLASSES[name].model_json_schema(by_alias=True)
    assert plain(schema, schema.get("$defs", {})) == plain(SCHEMA[name], {})


def test_every_message_of_the_schema_has_a_class() -> None:
    assert SCHEMA.keys() == CLASSES.keys()


def plain(schema: Any, definitions: dict[str, Any]) -> Any:
    """A schema without what either generator adds for readers: references, titles, the range of safe integers."""
    if isinstance(schema, list):
        return [plain(value, definitions) for value in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return plain(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    kept = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: plain(inner, definitions) for name, inner in value.items()}
        elif key in ("required", "enum"):
            kept[key] = sorted(value)
        elif key in ("minimum", "maximum"):
            if abs(value) < 2**53 - 1:
                kept[key] = value
        elif key == "anyOf" and all(choice.keys() == {"type"} for choice in value):
            kept["type"] = [choice["type"] for choice in value]
        elif key not in ("$schema", "$defs", "title", "description"):
            kept[key] = plain(value, definitions)
    return kept


@pytest.mark.parametrize("name", CLASSES)
def test_comes_back_as_it_was(name: str) -> None:
    assert CLASSES[name].model_validate(EXAMPLES[name]).wire() == EXAMPLES[name]


@pytest.mark.parametrize("reason", REFUSED)
def test_refuses(reason: str) -> None:
    name, message = REFUSED[reason]
    with pytest.raises(StudentError):
        parse(CLASSES[name], message, kind="InvalidInput", where="here")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_refuses_numbers_that_json_does_not_have(number: float) -> None:
    name, message = changed("trainRoundResult", "steering.after", number)
    with pytest.raises(StudentError, match=r"here: steering\.after: Input should be a finite number"):
        parse(CLASSES[name], message, kind="InvalidInput", where="here")


@pytest.mark.parametrize("name", CLASSES)
def test_refuses_half_a_character_wherever_a_text_stands(name: str) -> None:
    for path in texts(EXAMPLES[name]):
        _, message = changed(name, path, "a\ud800")
        with pytest.raises(StudentError, match=re.escape(f"here: {path}: ")):
            parse(CLASSES[name], message, kind="InvalidInput", where="here")


def texts(value: Any, path: str = "") -> list[str]:
    """The paths of all texts in a message."""
    if isinstance(value, str):
        return [path]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in inner for found in texts(part, f"{path}.{key}" if path else str(key))]


def test_never_writes_a_number_that_json_does_not_have() -> None:
    _, message = changed("trainRoundResult", "seconds", float("nan"))
    with pytest.raises(ValueError, match="finite number"):
        TrainRoundResult(**message)


def test_a_refusal_names_the_first_wrong_key() -> None:
    _, message = changed("trainRoundInput", "student.loraRank", 0)
    with pytest.raises(StudentError) as refusal:
        parse(TrainRoundInput, message, kind="InvalidInput", where="trainRound")
    assert refusal.value.kind == "InvalidInput"
    assert str(refusal.value).startswith("trainRound: student.loraRank: ")
    assert not refusal.value.retryable


SCRIPT = """
import * as messages from './activities/student-messages.ts';
const asked = JSON.parse(await new Response(process.stdin).text());
const answers = asked.map(([name, text]) => {
  const parsed = messages[name].safeParse(JSON.parse(text));
  return parsed.success ? JSON.stringify(parsed.data) : null;
});
process.stdout.write(JSON.stringify(answers));
"""


def through_typescript(sent: list[tuple[str, str]]) -> list[str | None]:
    """Each text parsed by the TypeScript side and written by it again; None where it is refused."""
    node = shutil.which("node")
    assert node is not None, "node is not on the PATH"
    command = [node, "--import", "tsx", "--input-type=module", "--eval", SCRIPT]
    finished = subprocess.run(command, cwd=ROOT, input=json.dumps(sent), capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_what_either_side_writes_the_other_reads() -> None:
    ours = {name: cls.model_validate(EXAMPLES[name]) for name, cls in CLASSES.items()}
    answers = through_typescript([(name, json.dumps(message.wire())) for name, message in ours.items()])
    for (name, message), answer in zip(ours.items(), answers, strict=True):
        assert answer is not None, f"TypeScript refuses {name}"
        assert CLASSES[name].model_validate(json.loads(answer)) == message


def test_what_one_side_refuses_the_other_refuses() -> None:
    answers = through_typescript([(name, json.dumps(message)) for name, message in REFUSED.values()])
    assert dict(zip(REFUSED, answers, strict=True)) == dict.fromkeys(REFUSED)
