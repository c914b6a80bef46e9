"""Recurrent layers in ONNX models: each layer is one operator there, for any number of steps.

torch's exporter takes some of them apart into their steps, and writes some for the sizes of the example. So their nodes
get operators of our own for the export, which nothing takes apart, with one translation for all.
"""

from __future__ import annotations

import copy
import functools
import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.export.recurrent_layers import shapes_given

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.export import ExportedProgram

_SCHEMA = (
    "{}(Tensor input, Tensor{} hx, Tensor[] params, bool has_biases, int num_layers, float dropout, bool train, "
    "bool bidirectional, bool batch_first) -> (Tensor, Tensor{})"
)


@dataclass(frozen=True)
class _Layer:
    """How ONNX calls a layer; `gates` are the places in torch's weights of the gates in the order ONNX has them."""

    operator: str
    gates: tuple[int, ...]
    states: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    activation: str = ""


_LAYERS = {
    "lstm": _Layer("LSTM", (0, 3, 1, 2), states=2),
    "gru": _Layer("GRU", (1, 0, 2), options={"linear_before_reset": 1}),
    "rnn_tanh": _Layer("RNN", (0,), activation="Tanh"),
    "rnn_relu": _Layer("RNN", (0,), activation="Relu"),
}


def kept_whole(program: ExportedProgram) -> tuple[ExportedProgram, dict[Callable[..., Any], Callable[..., Any]]]:
    """The program, or a copy with operators of our own, and how these are translated."""
    ours = {getattr(torch.ops.aten, name).input: name for name in _LAYERS}
    if not any(node.target in ours for node in program.graph.nodes):
        return program, {}
    made = copy.copy(program)
    made._graph_module = copy.deepcopy(program.graph_module)
    for node in made.graph.nodes:
        if node.target in ours:
            node.target = _operator(ours[node.target])
    return made, {_operator(name): functools.partial(_translated, layer) for name, layer in _LAYERS.items()}


@functools.cache
def _library() -> torch.library.Library:
    library = torch.library.Library("scriptkit_onnx", "DEF")
    for name, layer in _LAYERS.items():
        more = layer.states - 1
        library.define(_SCHEMA.format(name, "[]" * more, ", Tensor" * more))
        torch.library.register_fake(f"scriptkit_onnx::{name}", shapes_given, lib=library)
    return library


def _operator(name: str) -> Callable[..., Any]:
    _library()
    found: Callable[..., Any] = getattr(torch.ops.scriptkit_onnx, name).default
    return found


def _translated(layer: _Layer, x: Any, states: Any, params: Sequence[Any], *arguments: Any) -> Any:
    """Layer upon layer; a program for inference drops nothing between them."""
    op: Any = importlib.import_module("onnxscript").opset18
    has_biases, count, _, _, is_both_ways, is_batch_first = arguments
    ways, each = 1 + is_both_ways, 4 if has_biases else 2
    if len(params) != count * ways * each:
        raise NotImplementedError("ONNX has no recurrent layer with a projection (`proj_size`)")
    given = [states] if layer.states == 1 else list(states)
    width = int(params[1].shape[1])
    options = dict(layer.options, hidden_size=width, direction="bidirectional" if is_both_ways else "forward")
    if layer.activation:
        options["activations"] = [layer.activation] * ways
    x = op.Transpose(x, perm=[1, 0, 2]) if is_batch_first else x
    last: list[list[Any]] = []
    for number in range(count):
        own = [params[(number * ways + way) * each :][:each] for way in range(ways)]
        parts = [[_in_order(op, one[place], layer.gates, width) for one in own] for place in range(each)]
        weights = [_for_each_way(op, parts[place]) for place in (0, 1)]
        biases = [op.Concat(one, other, axis=0) for one, other in zip(*parts[2:], strict=True)] if has_biases else []
        at_first = [op.Slice(one, [number * ways], [(number + 1) * ways], [0]) for one in given]
        bias = _for_each_way(op, biases) if biases else None
        y, *after = getattr(op, layer.operator)(x, *weights, bias, None, *at_first, **options)
        x = op.Reshape(op.Transpose(y, perm=[0, 2, 1, 3]), [0, 0, ways * width])
        last.append(after)
    x = op.Transpose(x, perm=[1, 0, 2]) if is_batch_first else x
    return x, *(op.Concat(*each_layer, axis=0) for each_layer in zip(*last, strict=True))


def _in_order(op: Any, weights: Any, gates: Sequence[int], width: int) -> Any:
    rows = [op.Slice(weights, [gate * width], [(gate + 1) * width], [0]) for gate in gates]
    return op.Concat(*rows, axis=0)


def _for_each_way(op: Any, values: Sequence[Any]) -> Any:
    return op.Concat(*(op.Unsqueeze(one, [0]) for one in values), axis=0)
