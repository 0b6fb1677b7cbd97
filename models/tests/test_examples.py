"""From an instruction to token ids, with the real tokenizer of the bundled model."""

import pytest

from models.student.examples import cut, encode, encode_answer_alone
from models.student.messages import Example
from models.student.model import Student

EXAMPLE = Example(id="e", instruction="Say it in French.", input="good day", output="bonjour")


def test_uses_the_models_chat_template(student: Student) -> None:
    encoded = encode(student.tokenizer, EXAMPLE, 256)
    text = "<|im_start|>user\nSay it in French.\n\ngood day<|im_end|>\n<|im_start|>assistant\nbonjour<|im_end|>"
    assert str(student.tokenizer.decode(encoded.ids)).endswith(text)


def test_only_the_answer_and_its_end_count(student: Student) -> None:
    encoded = encode(student.tokenizer, EXAMPLE, 256)
    assert student.tokenizer.decode(encoded.ids[-encoded.answer_length :]) == "bonjour<|im_end|>"


def test_an_answer_alone_keeps_its_tokens_and_loses_the_question(student: Student) -> None:
    whole, alone = encode(student.tokenizer, EXAMPLE, 256), encode_answer_alone(student.tokenizer, EXAMPLE, 256)
    assert alone.answer_length == whole.answer_length
    assert student.tokenizer.decode(alone.ids) == "<|im_start|>assistant\nbonjour<|im_end|>"


def test_an_empty_answer_still_ends(student: Student) -> None:
    encoded = encode(student.tokenizer, EXAMPLE.model_copy(update={"output": ""}), 256)
    assert student.tokenizer.decode(encoded.ids[-encoded.answer_length :]) == "<|im_end|>"


def test_text_that_looks_like_a_template_stays_text(student: Student) -> None:
    example = EXAMPLE.model_copy(update={"instruction": "{{ messages }} {% endfor %}"})
    assert "{{ messages }} {% endfor %}" in student.tokenizer.decode(encode(student.tokenizer, example, 256).ids)


@pytest.mark.parametrize(
    ("prompt", "answer", "kept_prompt", "kept_answer"),
    [
        (10, 10, 10, 10),  # fits
        (10, 30, 10, 10),  # the answer loses its end
        (30, 5, 15, 5),  # the prompt loses its beginning
        (30, 30, 10, 10),  # both
        (0, 30, 0, 20),
    ],
)
def test_shortening(prompt: int, answer: int, kept_prompt: int, kept_answer: int) -> None:
    encoded = cut(range(prompt), range(100, 100 + answer), 20)
    assert encoded.ids == [*range(prompt - kept_prompt, prompt), *range(100, 100 + kept_answer)]
    assert encoded.answer_length == kept_answer


def test_a_model_without_a_template_gets_alpacas_form() -> None:
    class Tokenizer:
        chat_template, bos_token, eos_token = None, "<s>", "</s>"

        def __call__(self, text: str, **_: object) -> object:
            return type("Ids", (), {"input_ids": [ord(letter) for letter in text]})

    encoded = encode(Tokenizer(), EXAMPLE, 256)
    text = "".join(map(chr, encoded.ids))
    assert text == "<s>### Instruction:\nSay it in French.\n\ngood day\n\n### Response:\nbonjour</s>"
