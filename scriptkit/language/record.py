"""Small frozen objects with named fields, which cost next to nothing to define."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

if sys.version_info >= (3, 11):
    from typing import dataclass_transform
else:
    from typing_extensions import dataclass_transform

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass_transform(eq_default=False, frozen_default=True)
class Record:
    """To type checkers what `@dataclass(frozen=True, eq=False)` makes of a class, for every subclass.

    `dataclasses` compiles a third of a millisecond of code for each class when it is imported. This room has a hundred
    of them, and a check of a small file takes less than a fifth of a second.
    """

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """The fields of the bases come first, then those of the class, in the order in which they are written."""
        super().__init_subclass__()
        own = [name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar")]
        cls._fields = (*cls._fields, *own)

    def __init__(self, *values: object, **named: object) -> None:
        vars(self).update(zip(self._fields, values, strict=False), **named)

    def __setattr__(self, name: str, value: object) -> None:
        """What has been made stays as it is."""
        msg = f"internal error: `{name}` of a `{type(self).__name__}` is written"
        raise AttributeError(msg)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!s}' for name, value in vars(self).items())})"

    def replaced(self, **changes: object) -> Self:
        """The same with other values in some fields."""
        return type(self)(**{**vars(self), **changes})
