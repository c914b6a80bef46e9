"""What compiled code was made from besides the instance, and which constants it can hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit.engines.torchscript.lifting.annotations import UNRESOLVED
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from types import FunctionType

TORCH_NAME: Final = "_scriptkit_torch"


@dataclass
class Dependencies:
    """What compiled code was made from besides the instance; it is stale once any of it is another object."""

    globals: list[tuple[Any, str, object]] = field(default_factory=list)
    cells: list[tuple[Any, object]] = field(default_factory=list)
    methods: list[tuple[type, str, object]] = field(default_factory=list)
    codes: list[tuple[FunctionType, object]] = field(default_factory=list)
    functions: list[FunctionType] = field(default_factory=list)

    def are_current(self) -> bool:
        """Whether nothing changed."""
        return (
            all(is_same(namespace.get(name, UNRESOLVED), value) for namespace, name, value in self.globals)
            and all(is_same(cell.cell_contents, value) for cell, value in self.cells)
            and all(getattr(owner, name, None) is value for owner, name, value in self.methods)
            and all(function.__code__ is code for function, code in self.codes)
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
