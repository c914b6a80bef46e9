"""Modules and containers of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems.kind import Kind

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue


class ModuleContainerDynamicIndex(Kind):
    """A ModuleList, Sequential, ModuleDict is indexed by what is unknown; `text` is the container."""

    container: str
    text: str
    index: str


class ModuleContainerSliceCall(Kind):
    """A module of a slice is called without .forward."""

    text: str


class ModuleContainerReversed(Kind):
    """reversed() over a module container."""

    text: str


class ModuleContainerMutation(Kind):
    """A module container is changed in compiled code."""

    text: str
    method: str


class ModuleContainerMethod(Kind):
    """A method that compiled module containers lack."""

    text: str
    method: str


class ParameterContainer(Kind):
    """A ParameterList or ParameterDict used in a way the compiler lacks."""

    text: str
    what: str


class ModuleAsValue(Kind):
    """A module stands where a value is needed."""

    type: AnyValue
    use: str


class ModuleArgument(Kind):
    """A module is passed to a function or method."""

    type: AnyValue
    function: str


class ModuleCreated(Kind):
    """A module is constructed in compiled code."""

    name: str


class ModuleIntrospection(Kind):
    """parameters(), train(), eval(), register_buffer()... in compiled code."""

    name: str


class ModuleNotCallable(Kind):
    """A module with no forward the compiler knows is called."""

    type: AnyValue


class BreakInUnrolledLoop(Kind):
    """A loop that is unrolled is left or gone on with: `word` is 'break' or 'continue'."""

    word: str


class ZipLengthMismatch(Kind):
    """A module container zipped with a list of unknown length, which is `other`."""

    container: str
    other: str


class UnusedMethodCalled(Kind):
    """A method marked unused is called without a guard."""

    name: str
