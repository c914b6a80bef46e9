"""What the call returns: values of the program, and the structure of Python objects round them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator import guards
from scriptkit.compiling.lowering.objects import subscripts
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Parts, Sizes, Value
from scriptkit.language import types as t
from scriptkit.live.nested import Constant, Leaf, Nest, Structure, flatten

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_CONSTANTS = (bool, int, float, str, type(None), torch.dtype, torch.device)
_NAMES: dict[t.Type, str] = {
    t.BOOL: "bool",
    t.INT: "int",
    t.FLOAT: "float",
    t.STR: "str",
}  # of which there are containers


def write_return(evaluator: Evaluator, result: Value) -> tuple[Structure, dict[int, str]]:
    """Write the `return` of the root; gives what is round the values, and the types of those that are no tensors."""
    if evaluator.context:
        raise RefusedError("state-mutated", "a context variable keeps its new value after the call")
    made = _Outputs(evaluator)
    structure = made.of(result)
    leaves = made.leaves
    value: ast.expr = ast.Tuple(leaves, ast.Load()) if len(leaves) != 1 else leaves[0]
    evaluator.residual.emit(ast.Return(value if leaves else ast.Constant(None)))
    return structure, made.not_tensors


class _Outputs:
    """Collects the leaves of a result."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.leaves: list[ast.expr] = []
        self.not_tensors: dict[int, str] = {}

    def of(self, value: Value) -> Structure:
        """The structure of a value; its leaves are appended."""
        flat, structure = flatten(value)
        return self._of_structure(structure, flat)

    def _of_structure(self, structure: Structure, flat: list[torch.Tensor]) -> Structure:
        if isinstance(structure, Leaf):
            return self._leaf(self.evaluator.residual.expression(flat[structure.index]), t.TENSOR)
        if isinstance(structure, Constant):
            return self._of_constant(structure.value)
        kind: Any = structure.type
        if kind is Parts:
            kind = tuple
        items = tuple(self._of_structure(item, flat) for item in structure.items)
        return Nest(structure.kind, torch.Size if kind is Sizes else kind, structure.keys, items)

    def _leaf(self, expression: ast.expr, type_: t.Type) -> Leaf:
        self.leaves.append(expression)
        if type_ != t.TENSOR:
            self.not_tensors[len(self.leaves) - 1] = _NAMES.get(type_, "")
        return Leaf(len(self.leaves) - 1)

    def _of_constant(self, value: Value) -> Structure:
        if isinstance(value, Dyn):
            return self._of_dyn(value)
        if isinstance(value, _CONSTANTS):
            return Constant(value)
        if self.evaluator.effects.owns(value) and hasattr(value, "__dict__") and not isinstance(value, nn.Module):
            return self._of_object(value)
        raise RefusedError("output-type-not-lowered", f"a `{type(value).__name__}` is returned")

    def _of_dyn(self, value: Dyn) -> Structure:
        if isinstance(value.example, torch.dtype):
            return Constant(guards.guard_dtype(self.evaluator, value))
        if isinstance(value.type, t.Tuple):
            parts = subscripts.unpack(self.evaluator, value, len(value.example))
            return Nest("tuple", tuple, tuple(range(len(parts))), tuple(self.of(part) for part in parts))
        return self._leaf(self.evaluator.residual.expression(value), value.type)

    def _of_object(self, value: Any) -> Structure:
        """An object the call made, such as a cache: its attributes, put together again without its constructor."""
        held = vars(value)
        items = tuple(Constant(item) if isinstance(item, type) else self.of(item) for item in held.values())
        return Nest("object", type(value), tuple(held), items)
