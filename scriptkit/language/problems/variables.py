"""Types of variables, of branches, of what is returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems.kind import Kind

if TYPE_CHECKING:
    from scriptkit.language.abstract import Type


class ReassignChangesType(Kind):
    """A variable of an enclosing block gets another type in a branch or loop. Related: where it got its type."""

    name: str
    old: Type
    new: Type


class ReassignNotFirstClass(Kind):
    """A variable that holds a module, function or range is rebound in a branch or loop."""

    name: str


class AnnotationMismatch(Kind):
    """`x: T = value`, and the value is no T."""

    name: str
    declared: Type
    actual: Type


class ReannotatedVariable(Kind):
    """A variable of an enclosing block is annotated again."""

    name: str


class BranchTypesDiffer(Kind):
    """A variable has another type in each branch and is used afterwards.

    Culprit: the later assignment. Related: the other assignment, the use.
    """

    name: str
    true_type: Type
    false_type: Type


class TernaryTypesDiffer(Kind):
    """The arms of `a if c else b` differ."""

    true_type: Type
    false_type: Type


class ReturnTypeMismatch(Kind):
    """A returned value is not of the declared type."""

    declared: Type
    actual: Type


class ReturnTypesDiffer(Kind):
    """Two returns of an unannotated function. Related: the first return."""

    first: Type
    second: Type


class MissingReturnPath(Kind):
    """A path ends without return."""

    declared: Type


class Invariance(Kind):
    """A `List[T]` where a `List[S]` is needed, although T is an S."""

    expected: Type
    actual: Type
    use: str


class TupleListMix(Kind):
    """A list where a tuple is needed."""

    expected: Type
    actual: Type
    use: str


class IntPow(Kind):
    """An int power is a float where an int is needed. Culprit: the power."""

    use: str
