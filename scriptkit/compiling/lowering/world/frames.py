"""The variables of one call that is being evaluated."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.refusing import RaisedError
from scriptkit.compiling.lowering.world.values import Dyn, Unreadable, Value

if TYPE_CHECKING:
    import ast
    from types import CellType

    from scriptkit.compiling.lowering.world.facts import Facts


@dataclass
class EarlyReturn:
    """A `return` in a loop of the residual program.

    `statement`: the assignment that it becomes, filled in when the body of the loop is known.
    `leaves`: by the id of a value in `value`, its spelling at the `return`.
    `is_taken`: whether the example inputs reach it in the first round.
    """

    statement: ast.Assign
    value: Value
    leaves: dict[int, ast.expr]
    is_taken: bool


@dataclass
class OpenLoop:
    """A loop of the residual program whose body is being evaluated.

    `carried`: the variables that go from round to round.
    `begun_at`: the moment of `Effects` at which its body began.
    `untaken_arms`: how many arms that the example does not take are round it.
    `ran_out`: where the loop has an `else`, the variable that says that no `break` left it.
    `lengths`: how long the examples of lists were when it began, by their ids.
    `returns`: the `return`s that were met in it.
    `takes_jumps`: False inside a `with` or `try` block of its body, which only a `return` leaves.
    """

    carried: dict[str, Value]
    begun_at: int
    untaken_arms: int
    ran_out: Dyn | None = None
    lengths: dict[int, int] = field(default_factory=dict)
    returns: list[EarlyReturn] = field(default_factory=list)
    takes_jumps: bool = True


class Frame:
    """One call that is evaluated: its variables, and where the names it does not bind come from.

    `variables`: the local variables. They are owned by the run, so that the journal of an arm undoes their changes.
    `namespace`, `cells`, `outer`: the globals of the function; the cells of its closure, where Python made it; the call
        in which it was defined, where that was evaluated too.
    `path`: the file of its code.
    `first_argument`: what `super()` without arguments speaks of.
    `created_at`: the moment of `Effects` at which the call began. What the run made later is local to the call.
    `loops`: the loops of the residual program round the statement; None for a `with` or `try` block, which nothing
        leaves.
    `enclosing_blocks`: how many loops of the residual program, `with` and `try` blocks are round the statement. A
        `return` in a branch in there cannot become the end of the residual method.
    `tail_duplications`: how many branches round the statement could not be joined, so that the rest of the function
        was copied into each of their arms (tail duplication); the copies multiply.
    `open_joins`: how many branches round the statement are joined behind it. With none left the function ends with the
        branch, and objects that it alone knows need no common content.
    `unjoined_loops`: unrolled loops whose rounds leave values that no variable behind the loop can hold.
    `yielded`: what a generator gave until now.
    `scope`: the call in which `:=` binds; that of a comprehension is the one round it.
    """

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
        self.unjoined_loops: set[ast.AST] = set()
        self.yielded: list[Value] | None = None
        self.scope = self
        self.created_at = 0
        self.loops: list[OpenLoop | None] = []

    def look_up(self, name: str, facts: Facts) -> Value:
        """The value of a name, as Python finds it; what lies outside the call becomes a recorded fact."""
        # as Python does, when the name is read: an inner function sees what the outer variable holds by then
        frame: Frame | None = self
        while frame is not None:
            if name in frame.variables:
                return _sound(name, frame.variables[name])
            if name in frame.cells:
                return facts.cell(frame.cells[name], name)
            frame = frame.outer
        # nothing outside the call is the run's own: the program is right as long as it stays what it is
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
