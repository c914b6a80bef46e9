"""Plain attributes that a program keeps from call to call: running values, caches that are None at first, counters.

    def forward(self, x):                          cache = self.cache          # Optional[Tensor]
        if self.cache is None:              ->     if cache is None:
            self.cache = x                             self.cache = x; cache_2 = x
        return self.cache + 1                      ...

The program reads the attribute once, when it begins; within the call it is a variable like any other, and each
assignment writes the attribute too. Which attributes are so shows when one is written that was read before: the module
is lowered again then (`run`), and knows of it from the beginning.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Value, spelled, type_of
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_NUMBERS = (bool, int, float)


@dataclass(frozen=True)
class Kept:
    """What is state: `example` is what the attribute or buffer holds, or if that is None, what the call puts there."""

    module: nn.Module
    name: str
    example: Any

    @property
    def is_buffer(self) -> bool:
        """Whether it is a buffer: one that is assigned in a loop."""
        return self.name in self.module._buffers

    @property
    def now(self) -> Any:
        """What is there when the program is made."""
        return self.module._buffers[self.name] if self.is_buffer else self.module.__dict__[self.name]

    @property
    def is_optional(self) -> bool:
        """Whether it is None now, and a tensor after a call."""
        return self.now is None

    @property
    def type(self) -> t.Type:
        """The type of the attribute in the program."""
        return t.optional(t.TENSOR) if self.is_optional else type_of(self.example)

    def takes(self, value: Any) -> bool:
        """Whether a value of Python may lie there for the program to be right."""
        if value is None:
            return self.is_optional
        if type(value) is not torch.Tensor or not isinstance(self.example, torch.Tensor):
            return type(value) is type(self.example)
        return value.dtype == self.example.dtype and value.dim() == self.example.dim()


def possible(evaluator: Evaluator, module: nn.Module, name: str, value: Value) -> Kept | None:
    """The attribute as state, where what it holds and what is written there have one type."""
    held, value = module.__dict__.get(name), evaluator.lift(value)
    example = evaluator.example(value) if isinstance(value, (Dyn, *_NUMBERS)) else None
    if held is None:
        made = Kept(module, name, example.detach()) if isinstance(example, torch.Tensor) else None
    else:
        is_tensor = type(held) is torch.Tensor and not held.requires_grad
        made = Kept(module, name, held) if is_tensor or type(held) in _NUMBERS else None
    return made if made is not None and example is not None and made.takes(example) else None


def begin(evaluator: Evaluator, kept: Iterable[Kept]) -> None:
    """Read every such attribute, before anything of the call is evaluated."""
    residual = evaluator.residual
    for one in kept:
        residual.kept[id(one.module), one.name] = one
        if one.is_buffer:
            continue
        now = one.now
        if isinstance(now, torch.Tensor):
            slot = residual.tensor(now, one.module, one.name)
        else:
            slot = residual.slot(one.module, one.name, now)
        value = residual.bind(residual.ref(slot), slot.example, one.name, one.type)
        value.example_if_given = slot.example if slot.example is not None else one.example.clone()
        evaluator.written[id(one.module), one.name] = value


def read_buffer(evaluator: Evaluator, kept: Kept) -> Value:
    """A buffer that a loop assigns: the program reads it anew each time, and what was read stays what it was."""
    slot = evaluator.residual.slot(kept.module, kept.name, kept.example.detach().clone())
    return evaluator.residual.bind(evaluator.residual.ref(slot), slot.example, kept.name, kept.type)


def write(evaluator: Evaluator, kept: Kept, value: Value) -> None:
    """`module.name = value`: in the program's variable, and in the attribute."""
    value = evaluator.lift(value)
    words = f"`{type(kept.module).__name__}.{kept.name}`"
    path = evaluator.residual.path(kept.module)
    if path is None:
        raise RefusedError("state-mutated", f"{words} is written from outside its module")
    if not isinstance(value, (Dyn, *_NUMBERS, type(None))) or not _has_type(evaluator, kept, value):
        raise RefusedError("state-mutated", f"{words} gets another type, dtype or rank")
    if not kept.is_buffer:
        evaluator.effects.changing(evaluator.written, f"writing `{kept.name}`")
        evaluator.written[id(kept.module), kept.name] = value
    target = syntax.attribute(path, kept.name)
    if not isinstance(target, ast.Attribute):
        raise RefusedError("state-mutated", f"{words} is written")
    target.ctx = ast.Store()
    written = evaluator.residual.expression(value)
    if kept.is_optional:
        written = syntax.call("torch.jit.annotate", [spelled(kept.type), written])
    evaluator.residual.emit(ast.Assign([target], written))


def _has_type(evaluator: Evaluator, kept: Kept, value: Value) -> bool:
    if isinstance(value, Dyn):
        example = value.example_if_given if value.is_optional else value.example
        types = (kept.type, t.without_none(kept.type))
        return value.type in types and (example is None or kept.takes(example))
    return kept.takes(evaluator.example(value))
