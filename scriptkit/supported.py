"""Whether this Python and this torch can compile models at all; nothing is imported to find out.

What reads text only (`scriptkit check`, the mypy plugin) works without torch, and on any Python that runs it.
"""

from __future__ import annotations

import sys
from typing import Final

from scriptkit.errors import UnsupportedError
from scriptkit.installed import installed_torch
from scriptkit.language import versions
from scriptkit.switches import is_disabled

OLDEST_PYTHON: Final = (3, 10)
NEWEST_PYTHON: Final = (3, 13)
_WITHOUT: Final = "`scriptkit check` and the mypy plugin work as it is"


def refuse_unsupported() -> None:
    """Raise `UnsupportedError` that says what to install, where nothing could be compiled here."""
    reason = why_unsupported(sys.version_info[:2], installed_torch())
    if reason:
        raise UnsupportedError(reason)


def why_unsupported(python: tuple[int, int], torch: str | None) -> str:
    """What is wrong and what to do, in one sentence; empty where this torch and Python are supported."""
    oldest = versions.known()[0]
    if torch is None:
        return f"torch is not installed: `pip install 'torch>={oldest}'`; {_WITHOUT}"
    if versions.numbers(torch) < versions.numbers(oldest):
        return (
            f"scriptkit needs torch {oldest} or newer, and this is {torch}: `pip install --upgrade torch`; {_WITHOUT}"
        )
    if python > NEWEST_PYTHON and not is_disabled():
        return (
            f"Python {python[0]}.{python[1]} has no TorchScript compiler: install Python {NEWEST_PYTHON[0]}."
            f"{NEWEST_PYTHON[1]} or older, or set SCRIPTKIT_DISABLE=1 to run models as ordinary Python; {_WITHOUT}"
        )
    return ""
