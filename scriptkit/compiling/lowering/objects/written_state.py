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
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_MISSING = object()
_PLAIN = (bool, int, float, str, type(None))


def assign(ev: Evaluator, module: nn.Module, name: str, value: Value) -> None:
    """`module.name = value`."""
    static = plain_objects.class_attribute(ev, type(module), name)
    if isinstance(static, property) and static.fset is not None:
        ev.call(static.fset, [module, value])
        return
    if isinstance(value, nn.Module) and module._modules.get(name) is value:
        return
    _refuse_special(ev, module, name, value, static)
    if name in module._buffers:
        _write_buffer(ev, module, name, value)
        return
    held = module.__dict__.get(name, _MISSING)
    key = (id(module), name)
    if key not in ev.written and _is_same(held, value):
        ev.facts.read(module.__dict__, name, held, f"`{type(module).__name__}.{name}`")
        return
    if key not in ev.written and ev.facts.was_read(module.__dict__, name):
        raise RefusedError("state-mutated", f"`{type(module).__name__}.{name}` is read and then written in the call")
    ev.effects.changing(ev.written, f"writing `{name}`")
    ev.written[key] = value
    words = f"`{type(module).__name__}.{name}` is written in the call and not read by it"
    refusal = RefusedError("state-mutated", words)
    refusal.place = ev.place.path, ev.place.node
    ev.unread.setdefault(key, (refusal, held))
    ev.residual.kept_alive.append(module)
    ev.assumptions[f"nobody reads `{ev.residual.spoken_path(module)}.{name}` after the call, which writes it"] = None


def _refuse_special(ev: Evaluator, module: nn.Module, name: str, value: Value, static: Any) -> None:
    """What an assignment does more than write an attribute."""
    words = f"`{type(module).__name__}.{name}` is written in the call"
    own: FunctionType | Any = type(module).__setattr__
    if own is not nn.Module.__setattr__ or hasattr(type(static), "__set__") or name == "training":
        raise RefusedError("state-mutated", words)
    if isinstance(value, (nn.Module, nn.Parameter)) or name in module._parameters or name in module._modules:
        raise RefusedError("state-mutated", words)
    if ev.effects.owns(module) or ev.residual.path(module, ev.residual.methods[0]) is None:
        raise RefusedError("state-mutated", words)


def _is_same(held: Any, value: Value) -> bool:
    return not has_dyn(value) and is_same(held, value)


def _write_buffer(ev: Evaluator, module: nn.Module, name: str, value: Value) -> None:
    """The program writes its buffer; whoever read it before keeps what was there."""
    value = ev.lift(value)
    before = module._buffers[name]
    if before is None or not isinstance(value, Dyn) or not value.is_tensor:
        raise RefusedError("state-mutated", f"the buffer `{name}` becomes or was something that is no tensor")
    if before.dtype != value.example.dtype or before.dim() != value.example.dim():
        raise RefusedError("state-mutated", f"the buffer `{name}` gets another dtype or rank")
    path = ev.residual.path(module)
    if path is None or ev.effects.is_in_loop:
        raise RefusedError("state-mutated", f"the buffer `{name}` is written from outside its module, or in a loop")
    if not is_written_by_class(module, name) and ev.residual.was_read(before):
        raise RefusedError("state-mutated", f"the buffer `{name}` is written from outside its class after it was read")
    ev.residual.forget(before)
    ev.residual.emit(ast.Assign([_stored(path, name)], ev.residual.ref(value)))
    ev.residual.rewritten.add((ev.residual.spoken_path(module), name))


def is_written_by_class(module: nn.Module, name: str) -> bool:
    """Whether a method of the class assigns to an attribute: then a value read before must be kept."""
    cls: Any = type(module)
    return name in _written_by(cls)


@functools.cache
def _written_by(cls: Any) -> frozenset[str]:
    members = [inspect.unwrap(value) for base in cls.__mro__ for value in vars(base).values() if callable(value)]
    functions = [value for value in members if isinstance(value, FunctionType)]
    return frozenset(
        str(step.argval)
        for function in functions
        for step in dis.get_instructions(function)
        if step.opname == "STORE_ATTR" and function.__name__ != "__init__"
    )


def _stored(path: ast.expr, name: str) -> ast.expr:
    target = syntax.attribute(path, name)
    if not isinstance(target, ast.Attribute):
        raise RefusedError("state-mutated", f"the buffer `{name}` is written")
    target.ctx = ast.Store()
    return target


def read(ev: Evaluator, module: nn.Module, name: str) -> Value:
    """What the call wrote there; `MISSING` where it wrote nothing."""
    key = (id(module), name)
    if key in ev.written:
        ev.unread.pop(key, None)
    return ev.written.get(key, MISSING)


def refuse_unread(ev: Evaluator) -> None:
    """What the call writes and never reads is meant for somebody else, who would not get it."""
    for key, (refusal, before) in ev.unread.items():
        if not _is_same(before, ev.written.get(key)):
            raise refusal


MISSING = _MISSING
