"""What ends an evaluation: a refusal in words, a value that cannot be joined, an exception of the program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast

BranchPlace = tuple[str, int, int, int, int]


_SPOKEN = {
    "Dyn": "value of the run",
    "UnknownText": "text of the run",
    "Sizes": "`torch.Size`",
    "Parts": "`tuple`",
    "TensorMethod": "method of a tensor",
    "Picked": "item picked in the run",
    "Closure": "function made in the call",
    "DynRange": "`range`",
    "DynReversed": "`reversed`",
    "DynEnumerate": "`enumerate`",
    "DynZip": "`zip`",
    "Once": "iterator",
    "Walked": "iterator",
    "Generated": "generator",
}


_OWN_NAME = re.compile(rf"`({'|'.join(_SPOKEN)})`")


class RefusedError(Exception):
    """The evaluator does not handle this; `rule` names the reason, the place is added where it is known.

    `kept`: the attribute that has to be state of the program, for it to stand no more.
    """

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = _OWN_NAME.sub(lambda found: _SPOKEN[found[1]], message)
        self.place: tuple[str, ast.AST] | None = None
        self.branch: BranchPlace | None = None
        self.depth = -1
        self.kept: Any = None


class CannotJoinError(RefusedError):
    """Two arms of a branch leave values that no one variable can hold."""

    def __init__(self, message: str) -> None:
        super().__init__("branch-values-differ", message)


class ListInLoopError(CannotJoinError):
    """A Python list changes in the body of a loop of the residual program: it has to become a list of the run."""

    def __init__(self, changed: Any, what: str) -> None:
        super().__init__(f"{what} in a loop of a length known only at run time")
        self.rule = "state-mutated-in-loop"
        self.changed = changed


class TooLongError(RefusedError):
    """The whole evaluation takes too long; no arm of a branch may be given up for it."""

    def __init__(self) -> None:
        super().__init__("too-many-paths", "the call has too many paths to be lowered")


MESSAGE = "_scriptkit_message"


class RaisedError(Exception):
    """The evaluated program raised an exception, on static grounds alone."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error
        self.place: tuple[str, ast.AST] | None = None
