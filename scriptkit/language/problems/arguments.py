"""Calls and operators: what they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems.kind import Kind

if TYPE_CHECKING:
    from scriptkit.language.abstract import Type


class StarArgsCall(Kind):
    """`f(*xs)` where xs is a list."""

    function: str
    type: Type


class CallUnknownKwarg(Kind):
    """A keyword that is not known; `replacement` is the one of torch, where it has another."""

    function: str
    keyword: str
    replacement: str = ""


class MissingArgument(Kind):
    """A parameter gets no argument."""

    function: str
    parameter: str


class TooManyArguments(Kind):
    """More arguments than parameters."""

    function: str
    count: int
    maximum: int


class ArgumentTypeMismatch(Kind):
    """An argument of another type."""

    function: str
    parameter: str
    expected: Type
    actual: Type


class NoMatchingOverload(Kind):
    """No overload takes these types."""

    function: str
    actual: tuple[Type, ...]
    why: str


class OperatorTypes(Kind):
    """An operator between types it does not take; an operator of one operand has no `right`."""

    operator: str
    left: Type
    right: Type | None


class CallableArgument(Kind):
    """A function is passed as a value."""

    name: str
    use: str


class UnannotatedParamNotTensor(Kind):
    """A parameter without annotation is a Tensor, and is used as something else. Related: the parameter.

    Culprit: the use, or the parameter itself where its default alone is the trouble.
    """

    name: str
    default: str
    use: str
    guess: Type | None


class UnannotatedParamNoneDefault(Kind):
    """A parameter without annotation has the default None. Culprit: the parameter.

    Never certain: callers may pass it.
    """

    name: str


class DefaultNotOfType(Kind):
    """A default does not have the declared type (`xs: List[Tensor] = None`)."""

    name: str
    declared: Type
    default: str
