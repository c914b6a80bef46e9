"""What the call writes on the user's modules: buffers, and attributes that it reads only after it wrote them."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
from types import FunctionType
from typing import TYPE_CHECKING, Any

from torch import nn

from scriptkit.compiling.lowering.evaluator import plain_objects
from scriptkit.compiling.lowering.objects import kept_state
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.engines.torchscript.engine.making import final_names
from scriptkit.live.marks import sets_attributes_as_scriptable
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_MISSING = object()
_WRITES_IN_PLACE = ".add_"
"""Stands among the names that a class assigns for its methods that write in place."""
_PLAIN = (bool, int, float, str, type(None))


def assign(evaluator: Evaluator, module: nn.Module, name: str, value: Value) -> None:
    """`module.name = value`."""
    static = plain_objects.class_attribute(evaluator, type(module), name)
    if isinstance(static, property) and static.fset is not None:
        evaluator.call(static.fset, [module, value])
        return
    if isinstance(value, nn.Module) and module._modules.get(name) is value:
        return
    _refuse_special(evaluator, module, name, value, static)
    kept = evaluator.residual.kept.get((id(module), name))
    if kept is not None:
        kept_state.write(evaluator, kept, value)
        return
    if name in module._buffers:
        _write_buffer(evaluator, module, name, value)
        return
    held = module.__dict__.get(name, _MISSING)
    key = (id(module), name)
    if key not in evaluator.written and _is_same(held, value):
        evaluator.facts.read(module.__dict__, name, held, f"`{type(module).__name__}.{name}`")
        return
    if key not in evaluator.written and evaluator.facts.was_read(module.__dict__, name):
        words = f"`{type(module).__name__}.{name}` is read and then written in the call"
        refusal = RefusedError("state-mutated", words)
        refusal.kept = kept_state.possible(evaluator, module, name, value)
        raise refusal
    evaluator.effects.changing(evaluator.written, f"writing `{name}`")
    evaluator.written[key] = value
    words = f"`{type(module).__name__}.{name}` is written in the call and not read by it"
    refusal = RefusedError("state-mutated", words)
    refusal.place = evaluator.place.path, evaluator.place.node
    evaluator.unread.setdefault(key, (refusal, held))
    evaluator.residual.kept_alive.append(module)
    evaluator.assumptions[
        f"nobody reads `{evaluator.residual.spoken_path(module)}.{name}` after the call, which writes it"
    ] = None


def _refuse_special(evaluator: Evaluator, module: nn.Module, name: str, value: Value, static: Any) -> None:
    """What an assignment does more than write an attribute."""
    words = f"`{type(module).__name__}.{name}` is written in the call"
    if not _sets_plainly(type(module), name) or hasattr(type(static), "__set__") or name == "training":
        raise RefusedError("state-mutated", words)
    if isinstance(value, (nn.Module, nn.Parameter)) or name in module._parameters or name in module._modules:
        raise RefusedError("state-mutated", words)
    if evaluator.effects.owns(module) or evaluator.residual.path(module, evaluator.residual.methods[0]) is None:
        raise RefusedError("state-mutated", words)


def _sets_plainly(cls: Any, name: str) -> bool:
    """Whether `module.name = value` does what `nn.Module` does; scriptkit's own modules differ in `Final` names."""
    if sets_attributes_as_scriptable(cls):
        return name not in final_names(cls)
    return bool(cls.__setattr__ is nn.Module.__setattr__)


def _is_same(held: Any, value: Value) -> bool:
    return not has_dyn(value) and is_same(held, value)


def _write_buffer(evaluator: Evaluator, module: nn.Module, name: str, value: Value) -> None:
    """The program writes its buffer; whoever read it before keeps what was there."""
    value = evaluator.lift(value)
    before = module._buffers[name]
    if before is None or not isinstance(value, Dyn) or not value.is_tensor:
        raise RefusedError("state-mutated", f"the buffer `{name}` becomes or was something that is no tensor")
    if before.dtype != value.example.dtype or before.dim() != value.example.dim():
        raise RefusedError("state-mutated", f"the buffer `{name}` gets another dtype or rank")
    path = evaluator.residual.path(module)
    if path is None or evaluator.effects.is_in_loop:
        words = f"the buffer `{name}` is written from outside its module, or in a loop"
        refusal = RefusedError("state-mutated", words)
        refusal.kept = None if path is None else kept_state.Kept(module, name, before)
        raise refusal
    if not is_written_by_class(module, name) and evaluator.residual.was_read(before):
        raise RefusedError("state-mutated", f"the buffer `{name}` is written from outside its class after it was read")
    evaluator.residual.forget(before)
    evaluator.residual.emit(ast.Assign([_stored(path, name)], evaluator.residual.ref(value)))
    evaluator.residual.rewritten.add((evaluator.residual.spoken_path(module), name))


def is_written_by_class(module: nn.Module, name: str) -> bool:
    """Whether a method of the class assigns to an attribute: then a value read before must be kept."""
    cls: Any = type(module)
    return name in _written_by(cls)


def writes_buffers(module: nn.Module) -> bool:
    """Whether a method of the module, or of one below it, assigns to a buffer, or may write to one in place."""
    return any(_writes_own(type(part), part._buffers) for part in module.modules())


def _writes_own(cls: Any, buffers: Iterable[str]) -> bool:
    if cls.__module__.startswith("torch."):
        return False
    return any(name in _written_by(cls) or _WRITES_IN_PLACE in _written_by(cls) for name in buffers)


@functools.cache
def _written_by(cls: Any) -> frozenset[str]:
    members = [inspect.unwrap(value) for base in cls.__mro__ for value in vars(base).values() if callable(value)]
    functions = [value for value in members if isinstance(value, FunctionType)]
    return frozenset(
        str(step.argval)
        for function in functions
        for step in dis.get_instructions(function)
        if step.opname == "STORE_ATTR" and function.__name__ != "__init__"
    ) | {_WRITES_IN_PLACE for function in functions if any(map(_is_in_place, function.__code__.co_names))}


def _is_in_place(name: str) -> bool:
    return name.endswith("_") and not name.startswith("_")


def _stored(path: ast.expr, name: str) -> ast.expr:
    target = syntax.attribute(path, name)
    if not isinstance(target, ast.Attribute):
        raise RefusedError("state-mutated", f"the buffer `{name}` is written")
    target.ctx = ast.Store()
    return target


def read(evaluator: Evaluator, module: nn.Module, name: str) -> Value:
    """What the call wrote there; `MISSING` where it wrote nothing."""
    key = (id(module), name)
    kept = evaluator.residual.kept.get(key)
    if kept is not None and kept.is_buffer:
        return kept_state.read_buffer(evaluator, kept)
    if key in evaluator.written:
        evaluator.unread.pop(key, None)
    return evaluator.written.get(key, MISSING)


def refuse_unread(evaluator: Evaluator) -> None:
    """What the call writes and never reads is meant for somebody else, who would not get it."""
    for key, (refusal, before) in evaluator.unread.items():
        if not _is_same(before, evaluator.written.get(key)):
            raise refusal


MISSING = _MISSING
