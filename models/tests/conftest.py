"""Shared by the Python tests: a loaded student, and rounds of tiny data in a store."""

import os
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

# Read when PyTorch is loaded, as in models/student/worker.py.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
import torch

from models.student.memory import Memory
from models.student.model import LanguageModel, Student, load_model, with_adapter
from models.tests.rounds import SETTINGS, RoundMaker


@pytest.fixture(scope="session")
def model() -> LanguageModel:
    """The bundled model as it was published, loaded once for all tests."""
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(torch.get_num_threads())
    return load_model(SETTINGS.model, SETTINGS.device)


@pytest.fixture(scope="session")
def memory(model: LanguageModel) -> Memory:
    """A worker's memory in which the bundled model is loaded."""
    memory = Memory()
    memory.loaded = ((SETTINGS.model, SETTINGS.device), replace(model, model=deepcopy(model.model)))
    return memory


@pytest.fixture(scope="session")
def student(model: LanguageModel) -> Student:
    """The bundled model with an untrained adapter."""
    return with_adapter(replace(model, model=deepcopy(model.model)), SETTINGS)


@pytest.fixture
def rounds(tmp_path: Path) -> RoundMaker:
    return RoundMaker(tmp_path / "runs")
