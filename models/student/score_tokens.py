"""What a scorer says: DEITA's expected score over the tokens 1 to 6 (arXiv 2312.15685, section 2.2).

    expected = Σ s · p(s) / Σ p(s)      p: softmax over the whole vocabulary for the token after the prompt

p(s) takes the token with and without a leading space together, where the tokenizer has both. The authors take the one
without, which is what follows the published prompts: they end in a space.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from models.student.errors import StudentError
from models.student.model import LanguageModel
from models.student.reading import padded, read_grouped

SCORES = (1, 2, 3, 4, 5, 6)
SPACES = ("", "Ġ", "▁")
"""How a token begins that is a digit alone, or one after a space in GPT-2's and in SentencePiece's writing."""


@dataclass(frozen=True)
class Reading:
    """What the model gives to the token after one prompt."""

    log_probabilities: tuple[float, ...]
    """Nats, of the digits 1 to 6 without a leading space: what training changes."""
    probabilities: tuple[float, ...]
    """Of the scores 1 to 6, both ways of writing together."""

    @property
    def mass(self) -> float:
        """What the six scores hold of the probability."""
        return sum(self.probabilities)

    @property
    def expected(self) -> float:
        """The expected score, 1 to 6, whatever the mass; that of a tie where rounding has left no mass at all."""
        if self.mass == 0:
            return sum(SCORES) / len(SCORES)
        return sum(score * share for score, share in zip(SCORES, self.probabilities, strict=True)) / self.mass


def score_tokens(tokenizer: Any) -> list[list[int]]:
    """Per score its tokens' ids, the bare digit's first. Raises `StudentError` when there is none."""
    vocabulary = tokenizer.get_vocab()
    found = [[vocabulary[f"{space}{score}"] for space in SPACES if f"{space}{score}" in vocabulary] for score in SCORES]
    for score in SCORES:
        if str(score) not in vocabulary:
            raise StudentError("InvalidInput", f"this model's tokenizer has no token {score}: it cannot be a scorer")
    return found


def encode_prompt(tokenizer: Any, prompt: str) -> list[int]:
    """Token ids with what the tokenizer puts before any text, as the authors' scorers read them; no chat template."""
    return tokenizer(prompt).input_ids


def read_scores(model: LanguageModel, prompts: Sequence[list[int]], between: Callable[[int], None]) -> list[Reading]:
    """What the model says after each prompt, in order. Raises `StudentError` when that is not finite."""
    tokens = score_tokens(model.tokenizer)
    return read_grouped(model.device, prompts, lambda group: read_group(model, group, tokens), between)


@torch.inference_mode()
def read_group(model: LanguageModel, ids: list[list[int]], tokens: list[list[int]]) -> list[Reading]:
    """Prompts that go through the model together; only the logits after their last tokens are computed."""
    ends = sorted({len(row) - 1 for row in ids})
    logits = model.model(
        input_ids=padded(ids, model.device),
        use_cache=False,
        logits_to_keep=torch.tensor(ends, device=model.device),
    ).logits
    readings = []
    for place, row in enumerate(ids):
        log_probabilities = logits[place, ends.index(len(row) - 1)].cpu().double().log_softmax(-1)
        if not log_probabilities.isfinite().all():
            raise StudentError("NonFiniteLoss", f"{model.name} has no finite answer: is its adapter damaged?")
        bare = tuple(log_probabilities[[ids[0] for ids in tokens]].tolist())
        together = tuple(log_probabilities[ids].exp().sum().item() for ids in tokens)
        readings.append(Reading(bare, together))
    return readings
