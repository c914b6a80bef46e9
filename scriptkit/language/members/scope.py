"""Where an expression of `__init__` stands, and what its readers need of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from scriptkit.language.types import UNKNOWN

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Mapping

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.annotations import Annotations
    from scriptkit.language.facts import AttributeFacts, ClassFacts, FunctionFacts, ModuleFacts

Readers: TypeAlias = "Mapping[type[ast.expr], Callable[[Scope, Any], AnyValue]]"
Assigned: TypeAlias = "Callable[[ClassFacts, AttributeFacts], AnyValue | None]"


class Scope:
    """The class and method an expression stands in, where it stands in any."""

    __slots__ = ("_assigned", "_readers", "annotations", "busy", "cls", "method", "module")

    def __init__(
        self,
        annotations: Annotations,
        readers: Readers,
        assigned: Assigned,
        busy: set[object],
        cls: ClassFacts | None,
        method: FunctionFacts | None,
    ) -> None:
        self.module: ModuleFacts = annotations.module
        self.annotations = annotations
        self.busy = busy  # what is being read at this moment: it cannot be asked for its own value
        self.cls = cls
        self.method = method
        self._readers = readers
        self._assigned = assigned

    def value(self, node: ast.expr) -> AnyValue:
        """The value of an expression that Python evaluates, as far as its text tells."""
        read = self._readers.get(type(node))
        return UNKNOWN if read is None else read(self, node)

    def assigned(self, attribute: AttributeFacts) -> AnyValue | None:
        """What `__init__` puts into another attribute of the class."""
        return None if self.cls is None else self._assigned(self.cls, attribute)
