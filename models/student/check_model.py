"""Is there such a student? Asked before a run pays for anything.

    python models/student/check_model.py NAME     # exit code 2 and one line on stderr when there is none

Reads the model's configuration only: seconds, whatever its size.
"""

import logging
import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path[0] = str(Path(__file__).resolve().parents[2])

import transformers
from transformers import AutoConfig

from models.bundled import ModelNotFound
from models.student.errors import StudentError
from models.student.model import base_source, not_loadable


def main() -> None:
    """Checks the model named on the command line."""
    if len(sys.argv) != 2:
        print("usage: python models/student/check_model.py NAME", file=sys.stderr)
        sys.exit(2)
    transformers.utils.logging.set_verbosity_error()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        check(sys.argv[1])
    except StudentError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def check(name: str) -> None:
    """Raises `StudentError` when the model cannot be found or is none."""
    try:
        source, extra = base_source(name)
        AutoConfig.from_pretrained(source, **extra)
    except (ModelNotFound, OSError, ValueError) as error:
        raise not_loadable(name, error) from error


if __name__ == "__main__":
    main()
