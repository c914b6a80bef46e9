"""Attributes of modules and of values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scriptkit.language.problems.kind import Kind

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue, Type


class AttributeUndefined(Kind):
    """An attribute that `__init__` never sets is read or written; `owner` is the name of the class."""

    name: str
    write: bool
    owner: str


class AttributeConditionallyDefined(Kind):
    """An attribute set under a condition in `__init__` is read without a static guard. Related: the assignment."""

    name: str
    module: bool


class AttributeAssignType(Kind):
    """`self.x = value` with another type. Related: where it got its type."""

    name: str
    declared: AnyValue
    actual: AnyValue


class AttributeUnsupportedType(Kind):
    """An attribute whose value has no TorchScript type is read. Related: the assignment.

    `what` is 'numpy', 'lambda', 'partial', 'list of functions', 'list of modules', 'set', 'object', ....
    """

    name: str
    value_text: str
    what: str


class EmptyAttributeUntyped(Kind):
    """`self.x = []`, `{}` or None without a class-level annotation. Related: the assignment."""

    name: str
    value: Literal["[]", "{}", "None"]


class ClassAttribute(Kind):
    """A class attribute that is neither Final nor set on self is read. Related: its definition."""

    name: str


class InheritedAnnotationLost(Kind):
    """An attribute annotated in a base while the subclass has annotations of its own. Related: that annotation."""

    name: str
    base: str


class FinalReassigned(Kind):
    """A Final attribute is assigned in compiled code."""

    name: str


class ObjectAttribute(Kind):
    """A value of a known type has no such attribute or method."""

    name: str
    type: Type
    method: bool


class UnsupportedTensorMethod(Kind):
    """Tensor has no such method or attribute in TorchScript."""

    name: str
    method: bool


class DtypeAttribute(Kind):
    """An attribute of a dtype, finfo, iinfo."""

    name: str
