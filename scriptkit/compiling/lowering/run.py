"""One run of the evaluator, from a module and example inputs to a lowered module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.compiling.isolation import random_states_kept
from scriptkit.compiling.lowering import assembly, modules, outputs, refusals
from scriptkit.compiling.lowering.entry import with_entry
from scriptkit.compiling.lowering.evaluate import Evaluator
from scriptkit.compiling.lowering.lowered import LoweredModule, LoweringError
from scriptkit.compiling.lowering.values import Dyn, RaisedError, RefusedError, Value
from scriptkit.compiling.structure import Leaf, Nest, Structure, build, flatten
from scriptkit.engines.torchscript.compiler import LOCK
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import nn

    from scriptkit.diagnostics import Diagnostic


def lower(
    module: nn.Module, example_inputs: Sequence[Any], example_kwargs: dict[str, Any] | None = None
) -> LoweredModule:
    """Lower a module for calls like the example; raises `LoweringError` naming what stands in the way.

    Neither the module nor the examples nor any random state is changed.
    """
    with LOCK:  # CPython 3.11 cannot make syntax trees in two threads at once
        return _lower(module, example_inputs, example_kwargs or {})


def _lower(module: nn.Module, args: Sequence[Any], kwargs: dict[str, Any]) -> LoweredModule:
    ev = Evaluator(module)
    tensors, inputs = flatten((tuple(args), dict(kwargs)))
    try:
        with random_states_kept():
            result = _evaluate(ev, inputs, tensors)
            output, not_tensors = outputs.write_return(ev, result)
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


def _headline(module: nn.Module) -> str:
    return f"`{type(module).__name__}` cannot be lowered"


def _diagnostic(ev: Evaluator, refusal: RefusedError) -> Diagnostic:
    path, node = refusal.place or (ev.place.path or "<unknown>", ev.place.node)
    return refusals.diagnostic(path, node, refusal.rule, refusal.message)
