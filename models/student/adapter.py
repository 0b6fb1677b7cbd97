"""An adapter of the store on a model: `adapter_model.safetensors`, and `adapter_config.json` beside it."""

import json
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load

from models.store import Store
from models.student import data
from models.student.errors import StudentError
from models.student.messages import Ref
from models.student.model import LanguageModel, wear


def wear_stored(loaded: LanguageModel, store: Store, adapter: Ref) -> LanguageModel:
    """The model with the adapter on it, in place. Raises `StudentError` when it is missing, damaged or another's."""
    weights = read_weights(data.read(store, adapter), adapter.uri)
    config = read_config(store, f"{adapter.uri.rpartition('/')[0]}/adapter_config.json")
    try:
        model = wear(loaded, config)
    except ValueError as error:
        raise not_this_models(adapter, loaded, str(error)) from error
    try:
        result = set_peft_model_state_dict(model, weights)
    except RuntimeError as error:
        raise not_this_models(adapter, loaded, str(error)) from error
    missing = [name for name in result.missing_keys if "lora_" in name]
    if missing or result.unexpected_keys:
        raise not_this_models(adapter, loaded, f"it has no {[*missing, *result.unexpected_keys][0]}")
    return LanguageModel(name=loaded.name, model=model, tokenizer=loaded.tokenizer, device=loaded.device)


def read_weights(stored: bytes, name: str) -> dict[str, torch.Tensor]:
    """The adapter's tensors."""
    try:
        return load(stored)
    except SafetensorError as error:
        raise StudentError("CorruptData", f"{name} is no adapter: {error}") from error


def read_config(store: Store, name: str) -> LoraConfig:
    """How the adapter is put on."""
    stored = data.read_named(store, name)
    try:
        json.loads(stored)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "adapter_config.json").write_bytes(stored)
            config = LoraConfig.from_pretrained(folder)
    except (ValueError, TypeError, KeyError) as error:
        raise StudentError("CorruptData", f"{name} is no adapter's configuration: {error}") from error
    config.inference_mode = True
    return config  # pyright: ignore[reportReturnType]


def not_this_models(adapter: Ref, loaded: LanguageModel, why: str) -> StudentError:
    """The failure that names both."""
    reason = why.strip().splitlines()[0]
    return StudentError("InvalidInput", f"{adapter.uri} is no adapter of {loaded.name}: {reason}")
