"""`sizes = []` becomes `sizes: List[int] = []`, as its first element tells."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.fix import Edits, Fix
from scriptkit.language.problems import containers

if TYPE_CHECKING:
    from scriptkit.language.facts import ClassFacts, Problem


class ContainerAnnotation(Fix[containers.EmptyContainerUntyped]):
    """An empty container whose elements have a plain type."""

    kinds = (containers.EmptyContainerUntyped,)

    def edits(self, cls: ClassFacts, problem: Problem[containers.EmptyContainerUntyped]) -> Edits | None:
        empty = problem.related[0] if problem.related else None
        assignment = cls.module.parent(empty) if empty is not None else None
        element, key = problem.data.element, problem.data.key
        match assignment:
            case ast.Assign(targets=[ast.Name() as name]):
                parts = [str(part) for part in (key, element) if part is not None]
                if all(part in PLAIN for part in parts):
                    container = _spelling(cls, "Dict" if key is not None else "List")
                    return Edits(annotations={cls.module.span(name): f"{container}[{', '.join(parts)}]"})
        return None


PLAIN = ("int", "float", "str", "bool", "Tensor", "complex")


def _spelling(cls: ClassFacts, container: str) -> str:
    """`List` where the file has imported it, else the built-in `list`."""
    return container if cls.module.imports.get(container) == f"typing.{container}" else container.lower()
