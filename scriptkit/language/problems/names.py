"""Names: of locals, of what stands outside the function."""

from __future__ import annotations

from scriptkit.language.problems.kind import Kind


class MaybeUndefined(Kind):
    """A local is not defined on every path. Related: the statement that defines it sometimes.

    `missing` is 'true branch', 'false branch' or 'loop'.
    """

    name: str
    missing: str


class UndefinedName(Kind):
    """A name nothing defines, or defined under TYPE_CHECKING only."""

    name: str
    type_checking: bool


class GlobalCapture(Kind):
    """A module-level value is read. Related: its definition.

    `what` is 'float', 'Tensor', 'dtype', ..., or nothing.
    """

    name: str
    what: str
