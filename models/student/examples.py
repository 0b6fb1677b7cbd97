"""From an instruction to token ids: the model's own chat template, with the answer told apart from the prompt.

<|im_start|>user\\nName a river.<|im_end|>\\n<|im_start|>assistant\\n   ← prompt: no loss
The Danube.<|im_end|>                                                  ← answer: loss on these tokens only
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from models.student.messages import Turn

END = "\ue000"  # a private-use character that no template and no text contains


class Task(Protocol):
    """What an example and a held-out row have in common."""

    instruction: str
    input: str
    output: str


@dataclass(frozen=True)
class Encoded:
    """Token ids of prompt and answer together; the last `answer_length` of them (at least 1) are the answer."""

    ids: list[int]
    answer_length: int


def encode(tokenizer: Any, task: Task, max_tokens: int) -> Encoded:
    """The task in the model's format, at most `max_tokens` long.

    A prompt that leaves the answer less than half of that loses its beginning; then the answer loses its end.
    """
    question = f"{task.instruction}\n\n{task.input}" if task.input else task.instruction
    before, after = surroundings(tokenizer, question)
    prompt = tokenizer(before, add_special_tokens=False).input_ids
    answer = tokenizer(task.output + after, add_special_tokens=False).input_ids
    return cut(prompt, answer, max_tokens)


def encode_answer_alone(tokenizer: Any, task: Task, max_tokens: int) -> Encoded:
    """The same answer tokens after nothing but what opens every answer."""
    opening = answer_opening(tokenizer)
    _, after = surroundings(tokenizer, task.instruction)
    prompt = tokenizer(opening, add_special_tokens=False).input_ids
    answer = tokenizer(task.output + after, add_special_tokens=False).input_ids
    kept = encode(tokenizer, task, max_tokens).answer_length
    return Encoded(ids=prompt + answer[:kept], answer_length=len(answer[:kept]))


def encode_conversation(tokenizer: Any, turns: Sequence[Turn]) -> list[int]:
    """Token ids of a whole conversation, however long: as an example of its last turn, after its earlier ones."""
    *earlier, last = turns
    before, after = surroundings(tokenizer, last.instruction, earlier)
    prompt = tokenizer(before, add_special_tokens=False).input_ids
    return [*prompt, *tokenizer(last.response + after, add_special_tokens=False).input_ids]


def surroundings(tokenizer: Any, question: str, earlier: Sequence[Turn] = ()) -> tuple[str, str]:
    """The text before the answer and what ends it. Models without a chat template get Alpaca's form."""
    if not tokenizer.chat_template:
        end = tokenizer.eos_token
        said = "".join(f"{alpaca(turn.instruction)}{turn.response}{end}\n\n" for turn in earlier)
        return f"{tokenizer.bos_token or ''}{said}{alpaca(question)}", end
    asked = [*(message for turn in earlier for message in chat(turn)), {"role": "user", "content": question}]
    before = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    answered = [*asked, {"role": "assistant", "content": END}]
    after = tokenizer.apply_chat_template(answered, tokenize=False).rpartition(END)[2]
    return before, after.rstrip("\n") or tokenizer.eos_token


def alpaca(question: str) -> str:
    """Everything of a turn before its answer, for models without a chat template."""
    return f"### Instruction:\n{question}\n\n### Response:\n"


def chat(turn: Turn) -> list[dict[str, str]]:
    """A turn as chat templates take it."""
    return [{"role": "user", "content": turn.instruction}, {"role": "assistant", "content": turn.response}]


def answer_opening(tokenizer: Any) -> str:
    """What stands directly before every answer, whatever the question: the chat template's assistant header."""
    if not tokenizer.chat_template:
        return "### Response:\n"
    asked = [{"role": "user", "content": END}]
    before = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    unopened = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=False)
    return before.removeprefix(unopened)


def cut(prompt: Sequence[int], answer: Sequence[int], max_tokens: int) -> Encoded:
    """Shortens both to `max_tokens` together."""
    room = max(max_tokens - len(answer), max_tokens // 2)
    prompt = prompt[-room:]
    answer = answer[: max_tokens - len(prompt)]
    return Encoded(ids=[*prompt, *answer], answer_length=len(answer))
