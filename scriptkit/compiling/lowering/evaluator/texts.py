"""Texts with parts that only the run knows: good for the messages of errors, for nothing else."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import UnknownText
from scriptkit.compiling.lowering.world.values import Dyn, Sizes, Value
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.world.frames import Frame

_PLAIN = (str, int, float, bool, type(None), torch.dtype, torch.device)
_SPOKEN = (t.INT, t.FLOAT, t.BOOL, t.STR)
_CONVERSIONS: dict[int, Callable[[Any], str]] = {ord("r"): repr, ord("s"): str, ord("a"): ascii}


def formatted(evaluator: Evaluator, node: ast.JoinedStr, frame: Frame) -> Value:
    """The value of an f-string."""
    parts: list[Value] = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue):
            parts += _formatted_value(evaluator, part, frame)
    if all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return UnknownText(parts)


def _formatted_value(evaluator: Evaluator, node: ast.FormattedValue, frame: Frame) -> list[Value]:
    value = evaluator.lift(evaluator.expression(node.value, frame))
    if isinstance(value, Dyn) and value.is_tensor and node.conversion == -1 and _is_whole(value.example):
        value = evaluator.call(int, [value])  # a tensor without dimensions is spelled as its number
    spec = formatted(evaluator, node.format_spec, frame) if isinstance(node.format_spec, ast.JoinedStr) else ""
    if type(value) not in _PLAIN or not isinstance(spec, str):
        return parts_of(value) if spec == "" else [None]
    convert = _CONVERSIONS.get(node.conversion)
    return [format(convert(value) if convert else value, spec)]


def _is_whole(example: torch.Tensor) -> bool:
    return example.dim() == 0 and example.dtype in (torch.int64, torch.int32)


def parts_of(value: Value) -> list[Value]:
    """What a value looks like in a text: strings, and values of the run; None for what is not known."""
    if isinstance(value, UnknownText):
        return list(value.parts)
    if type(value) in _PLAIN:
        return [str(value)]
    if isinstance(value, Dyn) and value.type in _SPOKEN and not isinstance(value.example, (torch.dtype, torch.layout)):
        return [value]
    if isinstance(value, Sizes):
        return ["torch.Size(", *_items(list(value), "[", "]"), ")"]
    if type(value) is list:
        return _items(value, "[", "]")
    if type(value) is tuple and len(value) > 1:
        return _items(list(value), "(", ")")
    return [None]


def _items(items: list[Value], before: str, after: str) -> list[Value]:
    made: list[Value] = [before]
    for number, item in enumerate(items):
        made += [", "] if number else []
        made += [f"{item!r}"] if type(item) is str else parts_of(item)
    return [*made, after]


def static_text(node: ast.expr | None) -> str | None:
    """The text of a message as far as its source tells it."""
    if isinstance(node, ast.Lambda):
        return static_text(node.body)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in node.values)
    return None


def message(evaluator: Evaluator, text: UnknownText) -> ast.expr:
    """A text as an expression of the program, where it stands: what is out of reach is left out."""
    words: list[str] = []
    values: list[ast.expr] = []
    for part in text.parts:
        spelled = _reached(evaluator, part) if isinstance(part, Dyn) else None
        if spelled is not None:
            values.append(spelled)
        words.append("{}" if spelled is not None else part.replace("{}", "{...}") if isinstance(part, str) else "...")
    if not values:
        return ast.Constant("".join(words))
    return syntax.call(ast.Attribute(ast.Constant("".join(words)), "format", ast.Load()), values)


def _reached(evaluator: Evaluator, value: Dyn) -> ast.expr | None:
    if value.home is not evaluator.residual.method or value.slot is not None:
        return None
    try:
        return evaluator.residual.ref(value)
    except RefusedError:
        return None
