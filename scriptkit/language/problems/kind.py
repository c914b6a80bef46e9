"""What a kind of problem is."""

from __future__ import annotations

import re
from typing import ClassVar

from scriptkit.language.record import Record


class Kind(Record):
    """A kind of problem; a subclass lists what a rule may want to name."""

    kind: ClassVar[str]  # `MaybeUndefined` is "maybe-undefined"

    def __init_subclass__(cls) -> None:
        """Name the kind by its class."""
        super().__init_subclass__()
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
