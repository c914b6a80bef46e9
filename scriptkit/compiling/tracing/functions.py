"""Functions marked as traced: recorded once, so that compiled code can call them."""

from __future__ import annotations

import itertools
import linecache
import typing
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.boundary.signature import checks_of
from scriptkit.compiling.tracing.trial import refuse_hazards, try_trace
from scriptkit.engines.torchscript.engine import making
from scriptkit.errors import CompilationError
from scriptkit.live.marks import mark_of
from scriptkit.live.nested import Constant, Leaf, Nest, leaves
from scriptkit.live.variations import Example

if TYPE_CHECKING:
    import types

    from scriptkit.compiling.tracing.trial import Trial
    from scriptkit.live.nested import Structure

_numbers = itertools.count()


class _AsModule(nn.Module):
    """A function where the tracer wants a module."""

    def __init__(self, function: types.FunctionType) -> None:
        super().__init__()
        self.forward = function


def trace_function(function: types.FunctionType) -> Any:
    """The trace of a function marked as traced, checked like that of a module.

    Raises:
        CompilationError: it has no example inputs, or takes or returns anything but tensors.
        TraceHazardError: the trace would bake in a value, with all such places.
    """
    name = function.__qualname__
    mark = mark_of(function)
    if mark is None or mark.example_inputs is None:
        raise CompilationError(
            f"`{name}` is marked as traced, and compiled code calls it: give `traced({name}, example_inputs=...)`"
        )
    trial = try_trace(_AsModule(function), mark.example_inputs, mark.example_kwargs)
    refuse_hazards(trial, f"`{name}`")
    _require_tensors(name, trial.call.inputs, "takes")
    _require_tensors(name, trial.call.output, "returns")
    return _as_function(function, trial, Example.of(mark.example_inputs, mark.example_kwargs))


def _require_tensors(name: str, structure: Structure, does: str) -> None:
    """Tensors, or a flat tuple of them: what a trace can be called with from compiled code."""
    nests = [structure] if does == "returns" else [*structure.items] if isinstance(structure, Nest) else []
    if any(isinstance(leaf, Constant) or leaf.scalar is not None for _, leaf in leaves(structure)) or any(
        isinstance(item, Nest) for nest in nests if isinstance(nest, Nest) for item in nest.items
    ):
        raise CompilationError(f"`{name}` {does} more than tensors, and a traced function cannot")


def _as_function(function: types.FunctionType, trial: Trial, example: Example) -> Any:
    """A scripted function that checks its arguments and runs the trace."""
    names = [f"x{number}" for number in range(len(example.tensors))]
    by_keyword = _keyword_names(trial.call.inputs)
    names[len(names) - len(by_keyword) :] = by_keyword
    is_single = isinstance(trial.call.output, Leaf)
    run = making.function_of(trial.call.run, function.__name__ if function.__name__.isidentifier() else "function")
    checks = [line for name, fact in zip(names, trial.call.facts, strict=True) for line in checks_of(name, fact)]
    lines = [
        f"def traced({', '.join(f'{name}: Tensor' for name in names)}):",
        *(f"    {line}" for line in checks),
        f"    out = run({', '.join(names)})",
        "    return out[0]" if is_single else "    return out",
    ]
    text = "\n".join(lines) + "\n"
    file = f"<scriptkit trace {next(_numbers)} of {function.__qualname__}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space: dict[str, Any] = {"torch": torch, "Tensor": torch.Tensor, "run": run, **vars(typing)}
    space["__name__"] = f"scriptkit.traced.{function.__name__}"
    exec(compile(text, file, "exec", dont_inherit=True), space)  # noqa: S102  # our own text
    made: Any = making.compiled(space["traced"])
    return made


def _keyword_names(inputs: Structure) -> list[str]:
    assert isinstance(inputs, Nest)  # noqa: S101 - positional and keyword arguments
    keywords = inputs.items[1]
    return [str(key) for key in keywords.keys] if isinstance(keywords, Nest) else []
