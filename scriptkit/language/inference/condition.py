"""What a test proves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scriptkit.language.types import (
        Type,
    )


class Condition:
    """A test: what it proves about names on either side, and its value where the compiler knows it.

    `static` is True or False, or "unknown" for a constant whose value only the instance has, or None.
    """

    __slots__ = ("proves_false", "proves_true", "static")

    def __init__(
        self,
        proves_true: dict[str, Type] | None = None,
        proves_false: dict[str, Type] | None = None,
        static: bool | str | None = None,  # noqa: FBT001 - three states, and one of them a word
    ) -> None:
        self.proves_true = proves_true or {}
        self.proves_false = proves_false or {}
        self.static = static

    def negated(self) -> Condition:
        """The test with `not` before it."""
        static = not self.static if isinstance(self.static, bool) else self.static
        return Condition(self.proves_false, self.proves_true, static)
