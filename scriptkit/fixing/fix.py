"""What a fix is: for one kind of problem, the edits that repair it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from scriptkit.language.facts import ClassFacts, Problem
    from scriptkit.language.problems.kind import Kind
    from scriptkit.language.source_text import Span

K = TypeVar("K", bound="Kind")


@dataclass(frozen=True)
class Edits:
    """Changes to a text, by the place of what they change."""

    expressions: dict[Span, str] = field(default_factory=dict)  # an expression, and what replaces it
    before: dict[int, str] = field(default_factory=dict)  # a line where a statement begins, and a statement before it
    annotations: dict[Span, str] = field(default_factory=dict)  # a parameter or assigned name, and its annotation
    keywords: dict[Span, str] = field(default_factory=dict)  # a keyword argument, and its new name
    targets: dict[Span, str] = field(default_factory=dict)  # the target of a `for`, and its new text


class Fix(Generic[K]):
    """One repair; found by walking this package."""

    kinds: ClassVar[tuple[type[Kind], ...]]

    def edits(self, cls: ClassFacts, problem: Problem[K]) -> Edits | None:
        """The edits that repair this problem, or None where that is not certain."""
        raise NotImplementedError
