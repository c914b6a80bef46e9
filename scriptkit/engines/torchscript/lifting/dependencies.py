"""What compiled code was made from besides the instance, and which constants it can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit.engines.torchscript.lifting.annotations import UNRESOLVED
from scriptkit.watching.containers import is_unchanged
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from types import FunctionType

TORCH_NAME: Final = "_scriptkit_torch"


@dataclass(frozen=True)
class FunctionState:
    """A function as it was when code was made from it: its code object, and the defaults of its parameters."""

    function: FunctionType
    code: object
    defaults: tuple[Any, ...] | None
    keyword_defaults: dict[str, Any] | None

    @classmethod
    def of(cls, function: FunctionType) -> FunctionState:
        """The present state."""
        keywords = function.__kwdefaults__
        return cls(function, function.__code__, function.__defaults__, dict(keywords) if keywords else None)

    def is_current(self) -> bool:
        """Whether the function still has this code and these defaults."""
        function, keywords = self.function, self.keyword_defaults or {}
        return (
            function.__code__ is self.code
            and is_same(function.__defaults__, self.defaults)
            and is_unchanged(function.__kwdefaults__ or {}, keywords)
        )


@dataclass
class Dependencies:
    """What compiled code was made from besides the instance; it is stale once any of it is another object."""

    globals: list[tuple[Any, str, object]] = field(default_factory=list)
    cells: list[tuple[Any, object]] = field(default_factory=list)
    methods: list[tuple[type, str, object]] = field(default_factory=list)
    states: list[FunctionState] = field(default_factory=list)
    functions: list[FunctionType] = field(default_factory=list)
    backwards: list[str] = field(default_factory=list)
    """Functions with a backward of their own that Python calls there; compiled code has another one."""

    def are_current(self) -> bool:
        """Whether nothing changed."""
        return (
            all(is_same(namespace.get(name, UNRESOLVED), value) for namespace, name, value in self.globals)
            and all(is_same(cell.cell_contents, value) for cell, value in self.cells)
            and all(getattr(owner, name, None) is value for owner, name, value in self.methods)
            and all(state.is_current() for state in self.states)
        )


def literal(value: object) -> str | None:
    """The source text of a constant the compiler cannot take from a module, or None."""
    if isinstance(value, torch.dtype | torch.layout | torch.memory_format):
        return f"{TORCH_NAME}.{str(value).removeprefix('torch.')}"
    if isinstance(value, torch.device):
        return f"{TORCH_NAME}.device({str(value)!r})"
    if type(value) is tuple:
        parts = [literal(item) for item in value]
        return f"({', '.join(p for p in parts if p)},)" if parts and None not in parts else None
    if type(value) is float and value not in (float("inf"), float("-inf")) and value == value:  # noqa: PLR0124 - not NaN
        return repr(value)
    if type(value) is float:
        return f"float({str(value)!r})"
    return repr(value) if type(value) in (bool, int, str) else None
