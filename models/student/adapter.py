"""An adapter of the store on a model: `adapter_model.safetensors`, and `adapter_config.json` beside it."""

import tempfile
from dataclasses import dataclass
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


@dataclass(frozen=True)
class StoredAdapter:
    """An adapter that was read, and fits or does not."""

    name: str
    config: LoraConfig
    weights: dict[str, torch.Tensor]


def read_adapter(store: Store, ref: Ref) -> StoredAdapter:
    """The adapter of a reference. Raises `StudentError` when it is missing or damaged."""
    weights = read_weights(data.read(store, ref), ref.uri)
    config = read_config(store, f"{ref.uri.rpartition('/')[0]}/adapter_config.json")
    return StoredAdapter(ref.uri, config, weights)


def wear_stored(loaded: LanguageModel, adapter: StoredAdapter) -> LanguageModel:
    """The model with the adapter on it, in place. Raises `StudentError` when it is another model's.

    The model is of no use then: half of the adapter may be on it.
    """
    try:
        model = wear(loaded, adapter.config)
        result = set_peft_model_state_dict(model, adapter.weights)
    except (ValueError, RuntimeError) as error:
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
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "adapter_config.json").write_bytes(stored)
            config = LoraConfig.from_pretrained(folder)
    except (ValueError, TypeError, KeyError) as error:
        raise StudentError("CorruptData", f"{name} is no adapter's configuration: {error}") from error
    config.inference_mode = True
    config.base_model_name_or_path = None  # the model's name may be another here; whether it fits, its layers say
    return config  # pyright: ignore[reportReturnType]


def not_this_models(adapter: StoredAdapter, loaded: LanguageModel, why: str) -> StudentError:
    """The failure that names both."""
    reason = why.strip().splitlines()[0]
    return StudentError("InvalidInput", f"{adapter.name} is no adapter of {loaded.name}: {reason}")
