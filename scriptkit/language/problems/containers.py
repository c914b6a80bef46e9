"""Lists, dicts, tuples: their elements, indices and parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems.kind import Kind

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue, Type


class EmptyContainerUntyped(Kind):
    """An untyped `[]` or `{}`, the `value`, gets an element that is no Tensor. Culprit: the use. Related: the `[]`."""

    name: str
    value: str
    element: Type
    key: Type | None


class ContainerElementMismatch(Kind):
    """An element of another type is added."""

    container: Type
    element: Type


class DictKeyType(Kind):
    """A dict with keys the compiler lacks."""

    key: Type


class TupleIndexNotConstant(Kind):
    """A tuple with different elements is indexed or sliced by a variable."""

    type: Type
    text: str
    slice: bool


class TupleIndexOutOfRange(Kind):
    """A constant index beyond the end of a tuple."""

    type: AnyValue
    index: int


class IndexForms(Kind):
    """A value is indexed by what it does not take; `index` is a type, or the word 'slice'."""

    type: Type
    index: Type | str
    why: str = ""


class BoolListIndex(Kind):
    """A tensor indexed by a list of bools: compiled code takes them for 0 and 1."""

    text: str


class TupleVariableIndex(Kind):
    """A tensor indexed by a tuple held in a variable."""

    text: str
    type: Type


class NotSubscriptable(Kind):
    """A value that takes no index has one."""

    type: AnyValue


class NotIterable(Kind):
    """A value is looped over or unpacked that has no elements."""

    type: Type


class TensorUnpack(Kind):
    """`a, b = tensor`."""

    count: int


class UnpackCount(Kind):
    """A tuple of another length is taken apart."""

    expected: int
    actual: int
    type: AnyValue


class StarredUnpackOfList(Kind):
    """`a, *rest = xs` where xs is a list."""

    type: Type
