"""Classes and enums of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scriptkit.language.problems.kind import Kind

if TYPE_CHECKING:
    from scriptkit.language.abstract import Type


class EnumLimits(Kind):
    """What compiled enums lack."""

    what: Literal["lookup", "is", "iterate", "method", "arithmetic", "values"]
    text: str


class NamedtupleMethod(Kind):
    """A NamedTuple has fields only."""

    name: str
    type: Type


class DataclassNotScripted(Kind):
    """A dataclass without @torch.jit.script is used in compiled code."""

    name: str


class DataclassLimits(Kind):
    """A scripted dataclass with a default factory. Related: the factory."""

    name: str
    what: str


class ScriptClassLimits(Kind):
    """What scripted classes lack. Related: where."""

    name: str
    what: Literal["inheritance", "untyped-init", "attribute-outside-init", "deprecated"]
