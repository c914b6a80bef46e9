"""The models that a command of the catalogue is asked for."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from tests.zoo.audio_and_geometry import MORE
from tests.zoo.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.zoo.catalogue import Entry


def chosen(patterns: Sequence[str]) -> list[Entry]:
    """Those whose names match one of the patterns; without patterns all."""
    entries = [*CATALOGUE, *MORE]
    return [one for one in entries if not patterns or any(fnmatch.fnmatchcase(one.name, each) for each in patterns)]
