"""One run of the evaluator, from a module and example inputs to a lowered module."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.isolation import random_states_kept
from scriptkit.compiling.lowering import assembly, modules, refusals
from scriptkit.compiling.lowering.entry import with_entry
from scriptkit.compiling.lowering.evaluate import Evaluator
from scriptkit.compiling.lowering.lowered import LoweredModule, LoweringError
from scriptkit.compiling.lowering.values import Dyn, Parts, RaisedError, RefusedError, Sizes, Value
from scriptkit.compiling.structure import Constant, Leaf, Nest, Structure, build, flatten
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.diagnostics import Diagnostic


def lower(
    module: nn.Module, example_inputs: Sequence[Any], example_kwargs: dict[str, Any] | None = None
) -> LoweredModule:
    """Lower a module for calls like the example; raises `LoweringError` naming what stands in the way.

    Neither the module nor the examples nor any random state is changed.
    """
    ev = Evaluator(module)
    tensors, inputs = flatten((tuple(example_inputs), dict(example_kwargs or {})))
    try:
        with random_states_kept():
            result = _evaluate(ev, inputs, tensors)
            output, not_tensors = _finish(ev, result)
    except RefusedError as refused:
        raise LoweringError(_headline(module), [_diagnostic(ev, refused)]) from refused
    except RaisedError as raised:
        refusal = RefusedError("example-call-raises", f"the call raises {raised}")
        raise LoweringError(_headline(module), [_diagnostic(ev, refusal)]) from raised
    shadow, texts = assembly.assemble(ev)
    dropped = tuple(refusals.dropped(d.path, d.line, d.why) for d in ev.dropped)
    entry = with_entry(shadow, module.forward, inputs, output, not_tensors)
    return LoweredModule(module, shadow, entry, texts, inputs, output, ev.facts, tuple(ev.assumptions), dropped)


def _evaluate(ev: Evaluator, inputs: Structure, tensors: Sequence[torch.Tensor]) -> Value:
    root = ev.residual.method
    names = [root.fresh(_input_name(ev, inputs, number)) for number in range(len(tensors))]
    values = []
    for name, tensor in zip(names, tensors, strict=True):
        value = Dyn(t.TENSOR, tensor.detach().clone(), name, root, root.body)
        root.parameters[id(value)] = (value, name)
        values.append(value)
    args, kwargs = build(inputs, values)
    modules.refuse_hooks(ev, ev.root)
    return modules.call_root(ev, args, kwargs)


def _input_name(ev: Evaluator, inputs: Structure, number: int) -> str:
    """The name of a parameter of `forward` where an input is one, else `input`."""
    assert isinstance(inputs, Nest)  # noqa: S101 - a pair of arguments and keywords
    args, kwargs = inputs.items
    forward = getattr(type(ev.root), "forward", None)
    code = getattr(forward, "__code__", None)
    if isinstance(args, Nest) and code is not None:
        for position, item in enumerate(args.items):
            if item == Leaf(number) and position + 1 < code.co_argcount:
                return str(code.co_varnames[position + 1])
    if isinstance(kwargs, Nest):
        for name, item in zip(kwargs.keys, kwargs.items, strict=True):
            if item == Leaf(number):
                return str(name)
    return "input"


def _finish(ev: Evaluator, result: Value) -> tuple[Structure, frozenset[int]]:
    """Write the `return` of the root; gives what is round the returned values, and which of them are no tensors."""
    if ev.context:
        raise RefusedError("state-mutated", "a context variable keeps its new value after the call")
    leaves: list[ast.expr] = []
    not_tensors: set[int] = set()
    output = _outputs(ev, flatten(result)[1], flatten(result)[0], leaves, not_tensors)
    made: ast.expr = ast.Tuple(leaves, ast.Load()) if len(leaves) != 1 else leaves[0]
    ev.residual.emit(ast.Return(made if leaves else ast.Constant(None)))
    return output, frozenset(not_tensors)


def _outputs(
    ev: Evaluator, structure: Structure, tensors: list[torch.Tensor], leaves: list[ast.expr], not_tensors: set[int]
) -> Structure:
    if isinstance(structure, Leaf):
        leaves.append(ev.residual.expression(tensors[structure.index]))
        return Leaf(len(leaves) - 1)
    if isinstance(structure, Constant):
        return _constant(ev, structure.value, leaves, not_tensors)
    if structure.type is Parts:
        raise RefusedError("output-type-not-lowered", "a named tuple of an operation is returned")
    kind = torch.Size if structure.type is Sizes else structure.type
    items = tuple(_outputs(ev, item, tensors, leaves, not_tensors) for item in structure.items)
    return Nest(structure.kind, kind, structure.keys, items)


def _constant(ev: Evaluator, value: Value, leaves: list[ast.expr], not_tensors: set[int]) -> Structure:
    if isinstance(value, Dyn):
        if isinstance(value.example, (torch.dtype, tuple)):
            raise RefusedError("output-type-not-lowered", f"a `{type(value.example).__name__}` is returned")
        leaves.append(ev.residual.ref(value))
        if not value.is_tensor:
            not_tensors.add(len(leaves) - 1)
        return Leaf(len(leaves) - 1)
    if not isinstance(value, (bool, int, float, str, type(None), torch.dtype, torch.device)):
        raise RefusedError("output-type-not-lowered", f"a `{type(value).__name__}` is returned")
    return Constant(value)


def _headline(module: nn.Module) -> str:
    return f"`{type(module).__name__}` cannot be lowered"


def _diagnostic(ev: Evaluator, refusal: RefusedError) -> Diagnostic:
    path, node = refusal.place or (ev.place.path or "<unknown>", ev.place.node)
    return refusals.diagnostic(path, node, refusal.rule, refusal.message)
