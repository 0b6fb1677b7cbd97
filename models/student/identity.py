"""Which model it is, wherever it lies and whatever it is called."""

from pathlib import Path

from models.bundled import sha256_file
from models.student.data import compact, sha256
from models.student.model import LanguageModel, base_source

PARTS = (".json", ".jinja", ".model", ".safetensors", ".bin", ".txt")
"""What of a model's folder decides what it says: weights, tokenizer, configuration."""


def identity(model: LanguageModel) -> str:
    """A GGUF's SHA-256, a folder's, or the revision of a Hugging Face id; and the precision that it runs in."""
    precision = str(model.model.dtype).removeprefix("torch.")
    return f"{file_identity(model)} {precision}"


def file_identity(model: LanguageModel) -> str:
    """Without the precision."""
    source, extra = base_source(model.name)
    folder = Path(source)
    if "gguf_file" in extra:
        return sha256_file(folder / extra["gguf_file"])
    if folder.is_dir():
        files = sorted(path for path in folder.iterdir() if path.suffix in PARTS)
        return sha256(compact([[path.name, sha256_file(path)] for path in files]).encode())
    return f"{model.name}@{model.model.config._commit_hash}"
