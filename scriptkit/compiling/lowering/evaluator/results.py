"""What an operation gave, as values of the evaluator."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Parts, Sizes, Value, type_of
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def result_of(evaluator: Evaluator, example: Any, expression: ast.expr, hint: str, *, is_list: bool = False) -> Value:
    """Bind what an operation gives. `is_list`: TorchScript gives a list where Python may give a tuple."""
    if example is None:
        evaluator.residual.emit(ast.Expr(expression))
        return None
    if isinstance(example, torch.Size):
        return _parts(evaluator, list(example), expression, hint, Sizes)
    if isinstance(example, (list, tuple)) and is_list:
        return evaluator.residual.bind(
            expression, example, hint, t.List(type_of(example[0])) if example else t.List(t.TENSOR)
        )
    if isinstance(example, tuple):
        return _named_parts(evaluator, example, expression, hint)
    if type(example).__module__.startswith("numpy"):
        raise RefusedError("numpy", "a NumPy value has no counterpart in TorchScript")
    return evaluator.residual.bind(expression, example, hint)


def _named_parts(evaluator: Evaluator, example: tuple[Any, ...], expression: ast.expr, hint: str) -> Value:
    if any(item is None for item in example):
        raise RefusedError("optional-result", f"`{hint}` gives a tuple with None in it")
    names = tuple(
        name
        for name in ("values", "indices", "U", "S", "Vh", "Q", "R", "sign", "logabsdet", "L", "eigenvalues")
        if hasattr(example, name)
    )
    parts = _parts(evaluator, list(example), expression, hint, Parts)
    parts.names = tuple(
        sorted(names, key=lambda name: next(i for i, e in enumerate(example) if e is getattr(example, name)))
    )
    return parts


def _parts(evaluator: Evaluator, examples: list[Any], expression: ast.expr, hint: str, kind: type[Any]) -> Any:
    """Unpack at once: TorchScript checks the number, so that no later code can meet another rank."""
    if not examples:
        return kind(())
    parts = [evaluator.residual.declare(type_of(example), example, f"{hint}_{n}") for n, example in enumerate(examples)]
    names = ast.Tuple([syntax.store(part.name) for part in parts], ast.Store())
    evaluator.residual.emit(ast.Assign([names], expression))
    return kind(parts)


def attended(
    evaluator: Evaluator, example: tuple[torch.Tensor, torch.Tensor | None], call: ast.expr, hint: str
) -> Value:
    """`MultiheadAttention` gives weights that may be None, to TorchScript; whether they are is known here."""
    residual = evaluator.residual
    output = residual.declare(t.TENSOR, example[0], hint)
    weights = residual.declare(t.optional(t.TENSOR), example[1], f"{hint}_weights")
    names = ast.Tuple([syntax.store(output.name), syntax.store(weights.name)], ast.Store())
    residual.emit(ast.Assign([names], call))
    if example[1] is None:
        return output, None
    unwrapped = syntax.call("torch.jit._unwrap_optional", [residual.ref(weights)])
    return output, residual.bind(unwrapped, example[1], f"{hint}_weights")


def sections(evaluator: Evaluator, example: Sequence[torch.Tensor], call: ast.expr) -> Value:
    """What `split` gives for sizes of which the number is known; TorchScript gives a list."""
    parts = [evaluator.residual.declare(t.TENSOR, part, "section") for part in example]
    names = ast.Tuple([syntax.store(part.name) for part in parts], ast.Store())
    evaluator.residual.emit(ast.Assign([names], call))
    return tuple(parts)
