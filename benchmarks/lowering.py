"""What lowering costs, against `torch.jit.trace` of the same model of transformers; skipped where that is missing."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

import scriptkit
from benchmarks.interleaving import interleave, seconds
from benchmarks.measurements import Effort, Measurement, Row, microseconds, milliseconds
from benchmarks.packages import can_import
from scriptkit.compiling.lowering import lower
from tests.zoo import torchvision_operators

SMALL = {"hidden_size": 32, "intermediate_size": 64, "vocab_size": 100, "num_attention_heads": 4}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "BERT, 12 layers": ("Bert", {"num_hidden_layers": 12}),
    "Llama, 16 layers": ("Llama", {"num_hidden_layers": 16, "num_key_value_heads": 2, "use_cache": False}),
}


def model(name: str, options: dict[str, Any]) -> nn.Module:
    torchvision_operators.declare()
    transformers = importlib.import_module("transformers")
    made: nn.Module = getattr(transformers, f"{name}Model")(getattr(transformers, f"{name}Config")(**SMALL, **options))
    return made.eval()


def traced(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> Any:
    return torch.jit.trace(module, inputs, strict=False, check_trace=False)


def lowering(effort: Effort) -> list[Row]:
    """Making the program, calling it, and asking whether it still holds."""
    if not can_import("transformers"):
        return []
    return [row for what, chosen in MODELS.items() for row in _rows(what, model(*chosen), effort)]


def _rows(what: str, module: nn.Module, effort: Effort) -> list[Row]:
    inputs = (torch.randint(3, 90, (2, 7)),)
    made = interleave(
        lambda: lower(module, inputs).form, lambda: traced(module, inputs), rounds=max(3, effort.rounds // 20)
    )
    compiled = scriptkit.compile(module, inputs, modes={"": "lowered"})
    form, trace = scriptkit.to_torchscript(compiled), traced(module, inputs)
    lowered = lower(module, inputs)
    with torch.no_grad():
        called = interleave(lambda: form(*inputs), lambda: trace(*inputs), rounds=effort.rounds)
        bound = interleave(lambda: compiled(*inputs), lambda: trace(*inputs), rounds=effort.rounds)
    lowered.question.broken()
    asked = 1e6 * min(seconds(lowered.question.broken, 200) for _ in range(9))
    return [
        milliseconds(made, f"{what}: lower and script, against trace", 4),
        microseconds(called, f"{what}: call, against the trace", 1.05),
        microseconds(bound, f"{what}: call from Python, against the trace", None),
        Row(f"{what}: ask {len(lowered.facts.places)} facts", f"{asked:.1f} µs", "", asked, goal=6, unit="µs"),
    ]


ALL: dict[str, Measurement] = {"lowering": lowering}
