"""The student: a causal language model with a LoRA adapter on its linear layers.

model = load_model("smollm2-135m", "auto")          # a GGUF through transformers, or a Hugging Face id or folder
student = with_adapter(model, settings)
weights = student.initial_weights(seed=7)           # the adapter as one flat vector
student.load(weights)
"""

import json
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from models.bundled import NAME as BUNDLED
from models.bundled import ModelNotFound, bundled_gguf
from models.student.errors import StudentError
from models.student.messages import StudentSettings

ADAPTER = "default"


@dataclass
class LanguageModel:
    """A model on its device, to be read only: as it was published, or with a finished adapter on it."""

    name: str
    model: Any
    tokenizer: PreTrainedTokenizerBase
    device: torch.device


@dataclass
class Student:
    """A model on its device. Only the adapter's parameters can be trained."""

    model: PeftModel
    tokenizer: PreTrainedTokenizerBase
    device: torch.device
    parameters: list[torch.nn.Parameter]

    def initial_weights(self, seed: int) -> torch.Tensor:
        """The adapter before any training: half of it random from the seed, the other half 0."""
        torch.manual_seed(seed)
        for module in self.model.modules():
            if isinstance(module, LoraLayer):
                module.reset_lora_parameters(ADAPTER, init_lora_weights=True)
        return parameters_to_vector(self.parameters).detach().clone()

    def load(self, weights: torch.Tensor) -> None:
        """Makes these the adapter's weights."""
        vector_to_parameters(weights.clone(), self.parameters)

    def adapter_files(self, weights: torch.Tensor) -> dict[str, bytes]:
        """`adapter_model.safetensors` and `adapter_config.json`, as peft writes them."""
        self.load(weights)
        with tempfile.TemporaryDirectory() as folder:
            # "auto" would ask the hub whether the vocabulary was changed. It never is: only linear layers are adapted.
            self.model.save_pretrained(folder, save_embedding_layers=False)
            tensors = (Path(folder) / "adapter_model.safetensors").read_bytes()
            config = json.loads((Path(folder) / "adapter_config.json").read_text())
        # peft keeps the module names in a set, which is written in another order by every process.
        config["target_modules"] = sorted(config["target_modules"])
        text = json.dumps(config, indent=2, sort_keys=True) + "\n"
        return {"adapter_model.safetensors": tensors, "adapter_config.json": text.encode()}


def load_model(name: str, device: str) -> LanguageModel:
    """Loads the model as it was published. Raises `StudentError` when there is no such model or device."""
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    place = choose_device(device)
    model, tokenizer = load_base(name)
    model = model.to(dtype=choose_dtype(model, place)).to(place)
    model.eval()
    return LanguageModel(name=name, model=model, tokenizer=tokenizer, device=place)


def with_adapter(loaded: LanguageModel, settings: StudentSettings) -> Student:
    """The model with an untrained adapter put on it, in place."""
    model = wear(loaded, lora_config(settings))
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return Student(model=model, tokenizer=loaded.tokenizer, device=loaded.device, parameters=parameters)


def wear(loaded: LanguageModel, config: LoraConfig) -> PeftModel:
    """Puts an adapter on the model, in place; `unload()` of what comes back takes it off."""
    model = get_peft_model(loaded.model, config)
    # A file's place on this machine says nothing elsewhere.
    model.peft_config[ADAPTER].base_model_name_or_path = loaded.name  # pyright: ignore[reportAttributeAccessIssue]
    model.eval()
    return model  # pyright: ignore[reportReturnType]


def lora_config(settings: StudentSettings) -> LoraConfig:
    """LoRA on every linear layer but the output. No dropout: the same step must give the same weights."""
    return LoraConfig(
        r=settings.lora_rank,
        lora_alpha=settings.lora_alpha,  # pyright: ignore[reportArgumentType]
        target_modules="all-linear",
        lora_dropout=0.0,
        task_type="CAUSAL_LM",
    )


def base_source(name: str) -> tuple[str, dict[str, str]]:
    """What transformers is to be asked for. Raises `ModelNotFound` when a GGUF is not there."""
    path = bundled_gguf() if name == BUNDLED else Path(name)
    if path.suffix != ".gguf":
        return name, {}
    if not path.is_file():
        raise ModelNotFound(f"there is no file {path}")
    return str(path.parent), {"gguf_file": path.name}


def not_loadable(name: str, error: Exception) -> StudentError:
    """The failure that names the recipe's key and the ways out."""
    reason = str(error).strip().splitlines()[0]
    return StudentError(
        "ModelNotFound",
        f"student.model {name!r} cannot be loaded: {reason}. "
        f"Give {BUNDLED}, a path to a GGUF, a folder, or a Hugging Face id that this machine can reach.",
    )


def load_base(name: str) -> tuple[Any, Any]:
    """Model and tokenizer by name: the bundled GGUF, a path to a GGUF, or a Hugging Face id or folder."""
    try:
        source, extra = base_source(name)
        tokenizer = AutoTokenizer.from_pretrained(source, **extra)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32, **extra)
    except (ModelNotFound, OSError, ValueError) as error:
        raise not_loadable(name, error) from error
    return model, tokenizer


def choose_device(wanted: str) -> torch.device:
    """`auto` takes CUDA, else MPS, else the CPU. Raises `StudentError` when the named one is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        wanted = next(name for name, available in there.items() if available)
    if not there[wanted]:
        raise StudentError("ModelNotFound", f"student.device {wanted}: this machine has none; give auto or cpu")
    return torch.device(wanted)


def choose_dtype(model: Any, device: torch.device) -> torch.dtype:
    """float32, in which a gain of a thousandth of a nat can be measured; bfloat16 where a GPU has no room for that."""
    if device.type != "cuda":
        return torch.float32
    free, _ = torch.cuda.mem_get_info(device)
    return torch.float32 if 4 * model.num_parameters() < free / 2 else torch.bfloat16
