"""The places a twin watches: what lay there at the last call, and where a new value has to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

_NOW: Final = object()


@dataclass
class Slots:
    """Places in dictionaries, what they held at the last call, and where to push a new value (None: rebuild)."""

    holders: list[Any] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    seen: list[Any] = field(default_factory=list)
    targets: list[tuple[Any, str] | None] = field(default_factory=list)
    take_any_type: list[bool] = field(default_factory=list)

    def add(
        self,
        holder: Any,
        key: str,
        target: tuple[Any, str] | None = None,
        *,
        takes_any_type: bool = False,
        seen: Any = _NOW,
    ) -> None:
        """Watch one place; `seen` is what was made use of, where another thread may have put something else there."""
        self.seen.append(holder[key] if seen is _NOW else seen)
        self.holders.append(holder)
        self.keys.append(key)
        self.targets.append(target)
        self.take_any_type.append(takes_any_type)

    def add_all(self, holder: dict[str, Any]) -> None:
        """Watch everything that lies in a dictionary now."""
        for key in holder:
            self.add(holder, key)


@dataclass
class Container:
    """An attribute that holds a list or dictionary, as it was when both sides agreed."""

    holder: dict[str, Any]
    key: str
    target: Any
    before: Any
