"""Values that may be None, or whose type is not known enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scriptkit.language.problems.kind import Kind

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue, Type


class OptionalAttributeNotRefined(Kind):
    """An Optional attribute (`self.bias`, `m.bias`) is used where None is not accepted.

    `use` says what needs it: 'operator `+`', 'argument `x` of `relu`', .... Related: the check `self.bias is not None`,
    where there is one.
    """

    text: str
    type: Type
    use: str


class OptionalElementNotRefined(Kind):
    """An Optional element `xs[i]` is used although it was checked. Related: the check."""

    text: str
    type: Type
    use: str


class OptionalNotRefined(Kind):
    """An Optional local or result is used where None is not accepted."""

    text: str
    type: Type
    use: str


class AnyTypedValue(Kind):
    """A value typed Any (or a Union) is used before it is narrowed."""

    text: str
    type: Type
    use: str


class ImplicitBool(Kind):
    """A value without truth value is a condition."""

    type: AnyValue
    what: Literal["module", "None", "Optional", "other"]


class EqNone(Kind):
    """`x == None`; `type` is that of the other operand."""

    type: Type
    operator: str
