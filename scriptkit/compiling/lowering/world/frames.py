"""The variables of one call that is being evaluated."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.refusing import RaisedError
from scriptkit.compiling.lowering.world.values import Unreadable, Value

if TYPE_CHECKING:
    import ast
    from types import CellType

    from scriptkit.compiling.lowering.world.facts import Facts


class Frame:
    """One call: its variables, and where the names it does not bind come from."""

    def __init__(
        self,
        variables: dict[str, Value],
        namespace: dict[str, Any],
        path: str,
        *,
        cells: dict[str, CellType] | None = None,
        outer: Frame | None = None,
    ) -> None:
        self.variables = variables
        self.namespace = namespace
        self.path = path
        self.cells = cells or {}
        self.outer = outer
        self.first_argument: Value = next(iter(variables.values()), None)
        self.enclosing_blocks = 0
        self.tail_duplications = 0
        self.open_joins = 0
        self.yielded: list[Value] | None = None
        self.created_at = 0
        self.loops: list[dict[str, Value] | None] = []

    def look_up(self, name: str, facts: Facts) -> Value:
        """The value of a name, as Python finds it; what lies outside the call becomes a recorded fact."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.variables:
                return _sound(name, frame.variables[name])
            if name in frame.cells:
                return facts.cell(frame.cells[name], name)
            frame = frame.outer
        if name in self.namespace:
            return facts.read(self.namespace, name, self.namespace[name], f"global `{name}`")
        if hasattr(builtins, name):
            return getattr(builtins, name)
        raise RaisedError(NameError(f"name '{name}' is not defined"))


def _sound(name: str, value: Value) -> Value:
    if isinstance(value, Unreadable):
        raise value.error(name)
    return value


class Closure:
    """A function or lambda defined while the program was evaluated."""

    def __init__(
        self, node: ast.FunctionDef | ast.Lambda, frame: Frame, defaults: list[Value], kw_defaults: dict[str, Value]
    ) -> None:
        self.node = node
        self.frame = frame
        self.defaults = defaults
        self.kw_defaults = kw_defaults
