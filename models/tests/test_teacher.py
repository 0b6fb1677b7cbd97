"""The teacher as a real process that serves the bundled model."""

import base64
import hashlib
import json
import math
import signal
import socket
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models.bundled import NAME, bundled_gguf

SERVE = Path(__file__).resolve().parents[1] / "teacher" / "serve.py"
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Teacher:
    process: subprocess.Popen[str]
    line: dict[str, str]

    @property
    def port(self) -> int:
        return int(self.line["ready"].removesuffix("/v1").rpartition(":")[2])

    def complete(self, **parameters: Any) -> dict[str, Any]:
        return self.post("completions", {"model": NAME, **parameters})

    def embed(self, texts: list[str], **parameters: Any) -> dict[str, Any]:
        return self.post("embeddings", {"model": NAME, "input": texts, **parameters})

    def vectors(self, texts: list[str]) -> list[list[float]]:
        data = self.embed(texts)["data"]
        assert [item["index"] for item in data] == list(range(len(texts)))
        return [item["embedding"] for item in data]

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.line['ready']}/{path}", json.dumps(body).encode(), headers)
        with direct.open(request, timeout=300) as response:
            return json.load(response)


def start(*arguments: str) -> Teacher:
    """A server that has said that it answers."""
    command = [sys.executable, str(SERVE), "--bundled", "--context", "512", "--threads", "2", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return Teacher(process, json.loads(process.stdout.readline()))


@pytest.fixture(scope="module")
def teacher() -> Iterator[Teacher]:
    teacher = start()
    yield teacher
    teacher.process.kill()
    teacher.process.wait()


def refusal(*arguments: str) -> str:
    """The one line with which a server does not start."""
    command = [sys.executable, str(SERVE), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (ended.returncode, ended.stdout) == (2, ""), ended
    (line,) = ended.stderr.splitlines()
    return line


def test_identifies_the_model_without_serving_it(teacher: Teacher) -> None:
    output = subprocess.check_output([sys.executable, str(SERVE), "--bundled", "--identify"], text=True)
    path = bundled_gguf()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert json.loads(output) == {"model": NAME, "path": str(path), "sha256": sha256}
    assert teacher.line["sha256"] == sha256


def test_says_in_one_line_where_it_answers(teacher: Teacher) -> None:
    assert teacher.line.keys() == {"ready", "model", "sha256"}
    assert teacher.line["ready"] == f"http://127.0.0.1:{teacher.port}/v1"
    assert teacher.line["model"] == NAME
    with direct.open(f"http://127.0.0.1:{teacher.port}/health") as response:
        assert response.status == 200


def test_lists_its_model(teacher: Teacher) -> None:
    with direct.open(f"{teacher.line['ready']}/models") as response:
        assert [model["id"] for model in json.load(response)["data"]] == [NAME]


def test_temperature_0_gives_the_same_text_twice(teacher: Teacher) -> None:
    asked = {"prompt": "The capital of France is", "max_tokens": 8, "temperature": 0}
    first, second = (teacher.complete(**asked)["choices"][0]["text"] for _ in range(2))
    assert first == second
    assert "Paris" in first


def test_a_seed_decides_what_is_sampled(teacher: Teacher) -> None:
    def sample(seed: int) -> str:
        asked = {"prompt": "Once upon a time", "max_tokens": 16, "temperature": 1.5}
        return teacher.complete(**asked, seed=seed)["choices"][0]["text"]

    assert sample(1) == sample(1)
    assert len({sample(seed) for seed in (1, 2, 3)}) > 1


def test_stops_at_a_stop_sequence_and_leaves_it_out(teacher: Teacher) -> None:
    asked = {"prompt": "1, 2, 3, 4, 5,", "max_tokens": 24, "temperature": 0, "stop": [" 8"]}
    (choice,) = teacher.complete(**asked)["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["text"] == " 6, 7,"


def test_counts_tokens(teacher: Teacher) -> None:
    answer = teacher.complete(prompt="one two three", max_tokens=5, temperature=0, ignore_eos=True)
    usage = answer["usage"]
    assert answer["choices"][0]["finish_reason"] == "length"
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (3, 5, 8)


def test_answers_a_chat_in_the_models_own_format(teacher: Teacher) -> None:
    system, question = "You are terse.", "What is the capital of France?"
    messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
    written = f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    asked = {"max_tokens": 12, "temperature": 0}
    chat = teacher.post("chat/completions", {"messages": messages, **asked})
    completion = teacher.complete(prompt=written, **asked)
    assert chat["choices"][0]["message"]["content"] == completion["choices"][0]["text"]
    assert chat["usage"]["prompt_tokens"] == completion["usage"]["prompt_tokens"]


def test_refuses_a_prompt_that_is_longer_than_its_context(teacher: Teacher) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        teacher.complete(prompt="word " * 600, max_tokens=1)
    assert refused.value.code == 400
    assert "context" in refused.value.read().decode()


def test_answers_several_at_once_as_one_by_one(teacher: Teacher) -> None:
    prompts = ["A dog is", "Water is", "The sun is"]
    asked = {"max_tokens": 6, "temperature": 0}
    alone = [teacher.complete(prompt=prompt, **asked)["usage"] for prompt in prompts]
    together: dict[int, dict[str, Any]] = {}

    def ask(number: int) -> None:
        together[number] = teacher.complete(prompt=prompts[number], **asked)["usage"]

    threads = [threading.Thread(target=ask, args=[number]) for number in range(len(prompts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = [usage["completion_tokens"] for usage in alone]
    assert [together[number]["completion_tokens"] for number in range(len(prompts))] == counts


def first_token(choice: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of the first token, which begin with the likeliest."""
    return choice["logprobs"]["content"][0]["top_logprobs"]


def probability(tokens: list[dict[str, Any]]) -> float:
    return sum(math.exp(token["logprob"]) for token in tokens)


def test_says_what_the_first_token_might_have_been_in_both_forms(teacher: Teacher) -> None:
    asked = {"max_tokens": 1, "temperature": 0}
    (written,) = teacher.complete(prompt="The capital of France is", logprobs=20, **asked)["choices"]
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    chat = {"messages": messages, "logprobs": True, "top_logprobs": 20, **asked}
    (said,) = teacher.post("chat/completions", chat)["choices"]
    for choice, text in ((written, written["text"]), (said, said["message"]["content"])):
        top = first_token(choice)
        assert len(top) == 20
        assert top[0]["token"] == text
        assert [token["logprob"] for token in top] == sorted((token["logprob"] for token in top), reverse=True)
        assert 0.5 < probability(top) <= 1
        assert choice["finish_reason"] == "length"


def test_the_probabilities_are_the_models_own_before_it_samples(teacher: Teacher) -> None:
    def top(**sampling: float) -> list[dict[str, Any]]:
        asked = {"prompt": "The capital of France is", "max_tokens": 1, "logprobs": 5}
        return first_token(teacher.complete(**asked, **sampling)["choices"][0])

    cold, hot = top(temperature=0), top(temperature=1.5, top_p=0.1, seed=1)
    assert [token["token"] for token in hot] == [token["token"] for token in cold]
    # What is left of an earlier prompt is not read again, which changes the last digits.
    assert probability(hot) == pytest.approx(probability(cold), abs=0.05)


NAMES = ["time_management", "poetry", "managing_time", "time_managment", "ä 漢字"]


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def test_makes_vectors_of_length_1(teacher: Teacher) -> None:
    for vector in teacher.vectors(NAMES):
        assert len(vector) == 576
        assert cosine(vector, vector) == pytest.approx(1, abs=1e-5)


def test_the_vectors_of_names_that_are_spelled_alike_are_near(teacher: Teacher) -> None:
    time, poetry, _, misspelled, _ = teacher.vectors(NAMES)
    assert cosine(time, misspelled) > cosine(time, poetry)


def test_makes_the_same_vector_alone_as_among_others(teacher: Teacher) -> None:
    together = teacher.vectors(NAMES)
    for name, vector in zip(NAMES, together, strict=True):
        (alone,) = teacher.vectors([name])
        assert cosine(alone, vector) == pytest.approx(1, abs=1e-4)


def test_gives_vectors_in_both_encodings_and_counts_their_tokens(teacher: Teacher) -> None:
    answer = teacher.embed(NAMES, encoding_format="base64")
    for vector, item in zip(teacher.vectors(NAMES), answer["data"], strict=True):
        encoded = struct.unpack(f"<{len(vector)}f", base64.b64decode(item["embedding"]))
        assert encoded == pytest.approx(vector, abs=1e-4)
    assert answer["model"] == NAME
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > len(NAMES)


@pytest.mark.parametrize(
    "asked",
    [{}, {"input": []}, {"input": [""]}, {"input": 5}, {"input": ["a"], "encoding_format": "zip"}],
    ids=["nothing", "no-text", "an-empty-text", "a-number", "another-encoding"],
)
def test_refuses_what_has_no_vector_in_one_line(teacher: Teacher, asked: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        teacher.post("embeddings", asked)
    assert refused.value.code == 400
    message = json.load(refused.value)["error"]["message"]
    assert len(message.splitlines()) == 1


def test_says_that_a_text_is_too_long_for_a_vector(teacher: Teacher) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        teacher.embed(["word " * 600])
    # The client knows it by these words: the status is that of a broken server.
    assert "too large to process" in json.load(refused.value)["error"]["message"]


def test_writes_and_makes_vectors_at_once(teacher: Teacher) -> None:
    (alone,) = teacher.vectors(["poetry"])
    vectors: list[list[float]] = []
    embedding = threading.Thread(target=lambda: vectors.extend(teacher.vectors(["poetry"] * 8)))
    embedding.start()
    answer = teacher.complete(prompt="The capital of France is", max_tokens=24, temperature=0)
    embedding.join()
    assert "Paris" in answer["choices"][0]["text"]
    assert [cosine(vector, alone) for vector in vectors] == pytest.approx([1] * 8, abs=1e-4)


def test_listens_on_127_0_0_1_only(teacher: Teacher) -> None:
    with socket.create_connection(("127.0.0.1", teacher.port), timeout=5):
        pass
    # Another address of this machine: a server that listens on all of them would answer there.
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", teacher.port), timeout=5):
        pass


def test_a_port_in_use_is_named(teacher: Teacher) -> None:
    line = refusal("--bundled", "--port", str(teacher.port))
    assert line.startswith(f"teacher: cannot listen on 127.0.0.1:{teacher.port}: something else listens there")


def test_a_port_that_is_none_is_named() -> None:
    assert refusal("--bundled", "--port", "70000").startswith("teacher: cannot listen on 127.0.0.1:70000: ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.gguf"
    assert refusal("--gguf", str(path)) == f"teacher: cannot read the model {path}: No such file or directory"


def test_a_file_of_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_text("<html>not found</html>")
    assert refusal("--gguf", str(path)) == f"teacher: {path} is not a GGUF file: it starts with b'<htm'"


def test_half_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(bundled_gguf().read_bytes()[:1_000_000])
    assert refusal("--gguf", str(path)).startswith(f"teacher: llama.cpp could not load {path}: ")


def test_sigterm_ends_it_while_it_generates() -> None:
    teacher = start()
    asked = {"prompt": "Once upon a time", "max_tokens": 400, "stream": True, "ignore_eos": True}
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{teacher.line['ready']}/completions", json.dumps(asked).encode(), headers)
    with direct.open(request, timeout=300) as response:
        assert response.readline().startswith(b"data: ")
        teacher.process.send_signal(signal.SIGTERM)
        assert teacher.process.wait(timeout=60) == -signal.SIGTERM
