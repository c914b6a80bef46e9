"""Calls: what is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems.kind import Kind

if TYPE_CHECKING:
    from scriptkit.language.abstract import Type


class ExternalCall(Kind):
    """A function of another library or of the standard library, the `root`."""

    name: str
    root: str


class UnsupportedBuiltin(Kind):
    """A builtin that the compiler lacks."""

    name: str


class BuiltinSignature(Kind):
    """A builtin in a form the compiler lacks."""

    name: str
    why: str


class UnsupportedTorchFunction(Kind):
    """A torch function without TorchScript form."""

    name: str


class LegacyTensorConstructor(Kind):
    """torch.Tensor(...) and kin."""

    name: str


class UnsupportedContainer(Kind):
    """OrderedDict, defaultdict, deque, set..."""

    name: str


class ValueNotCallable(Kind):
    """A value is called that is no function."""

    type: Type
    text: str


class Recursion(Kind):
    """A function calls itself, by whatever way."""

    name: str


class SuperCall(Kind):
    """`Base.method(self, ...)`."""

    text: str
    method: str


class RangeForms(Kind):
    """range of what is no int, or a range kept as a value."""

    why: str


class GeneratorArgument(Kind):
    """A generator expression where it is no list."""

    function: str


class IsinstanceForms(Kind):
    """isinstance with what the compiler does not know."""

    text: str
    why: str


class GetattrDynamic(Kind):
    """getattr, setattr, hasattr with a name that is no literal."""

    function: str


class TolistUnannotated(Kind):
    """`x.tolist()` without an annotated target."""

    text: str


class TensorConstructor(Kind):
    """torch.tensor of mixed or tensor lists."""

    element: Type


class WithStatement(Kind):
    """A context manager the compiler lacks."""

    text: str
    name: str
