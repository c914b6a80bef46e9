"""Files that a command reads: of one that is not there, which may be meant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scriptkit.checking.nearness import near_path

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExistingFile(click.Path):
    """A file that is there; the error about one that is not names the nearest."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, exists=True, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, or an error in words."""
        near = near_path(os.fspath(value))
        if not Path(value).exists():
            self.fail(f"there is no file `{value}`{f'; near it: `{near}`' if near else ''}", param, ctx)
        return super().convert(value, param, ctx)


def nearest(word: str, words: Sequence[str]) -> str:
    """`; near it: ...`, or nothing: what may be meant by a word that is none of these."""
    import difflib

    found = difflib.get_close_matches(word, words)
    return f"; near it: {', '.join(f'`{one}`' for one in found)}" if found else ""
