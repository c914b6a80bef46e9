"""The variables of a block. Every `if` branch and loop body is a frame of its own over the frame it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from scriptkit.language.record import Record

if TYPE_CHECKING:
    import ast

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.types import Type


class Missing(Record):
    """A name that some path does not assign: where it is missing, and what assigns it on another path."""

    where: str
    node: ast.AST | None


class TwoTypes(Record):
    """A name that has another type after each branch."""

    true_type: Type
    false_type: Type
    true_node: ast.AST | None
    false_node: ast.AST | None


Unusable: TypeAlias = Missing | TwoTypes  # why a name that some path assigns cannot be read


class Binding:
    """A variable: its value, where it was assigned, and the expression when that matters later (an untyped `[]`)."""

    __slots__ = ("node", "origin", "refined", "value")

    def __init__(
        self, value: AnyValue, node: ast.AST | None = None, origin: ast.expr | None = None, *, refined: bool = False
    ) -> None:
        self.value = value
        self.node = node
        self.origin = origin
        self.refined = refined


class Frame:
    """Names of one block; what is not here is looked up in the block around it."""

    __slots__ = ("has_own_names", "names", "parent", "unusable")

    def __init__(self, parent: Frame | None = None, *, has_own_names: bool = False) -> None:
        self.parent = parent
        self.has_own_names = has_own_names
        self.names: dict[str, Binding] = {}
        self.unusable: dict[str, Unusable] = {}

    def find(self, name: str) -> Binding | None:
        """The binding that is visible here."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return frame.names[name]
            frame = frame.parent
        return None

    def find_outside(self, name: str) -> Binding | None:
        """The binding of an enclosing block, against which the type is fixed."""
        return self.parent.find(name) if self.parent is not None and not self.has_own_names else None

    def why_unusable(self, name: str) -> Unusable | None:
        """Why `name` cannot be read, if a branch or loop made it so and nothing nearer binds it."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.names:
                return None
            if name in frame.unusable:
                return frame.unusable[name]
            frame = frame.parent
        return None

    def bind(self, name: str, binding: Binding) -> None:
        """Assign in this block."""
        self.names[name] = binding
        self.unusable.pop(name, None)
