"""Shared by the Python tests: a loaded student, and rounds of tiny data in a store."""

import os
from pathlib import Path

# Read when PyTorch is loaded, as in models/student/worker.py.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
import torch

from models.student.model import Student, load_student
from models.tests.rounds import SETTINGS, RoundMaker


@pytest.fixture(scope="session")
def student() -> Student:
    """The bundled model with an untrained adapter, loaded once for all tests."""
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(torch.get_num_threads())
    return load_student(SETTINGS)


@pytest.fixture
def rounds(tmp_path: Path) -> RoundMaker:
    return RoundMaker(tmp_path / "runs")
