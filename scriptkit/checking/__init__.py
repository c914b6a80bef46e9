"""From text, files or a live class to diagnostics: what every door calls.

    text ── language.analyze ──> ModuleFacts ── judging: the rules ──> [Diagnostic]

`check_source` and `check_paths` read text and import nothing of the user's; `check_class` is for the class statement:
it finds the text of a live class and remembers its verdict between processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.checking.judging import judge_text
from scriptkit.checking.selecting import EVERYTHING, Selection

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from scriptkit.diagnostics import Diagnostic

__all__ = ["Selection", "check_class", "check_paths", "check_source"]


def check_source(text: str, *, path: str = "<string>", all_modules: bool = False) -> list[Diagnostic]:
    """Every finding in a file's text, in source order.

    Subclasses of `ScriptableModule` are checked; with `all_modules` every `nn.Module`, as plain torch.jit sees it.
    Text that does not parse is one diagnostic.
    """
    return judge_text(text, path, EVERYTHING, all_modules=all_modules)


def check_paths(paths: Iterable[str | PathLike[str]], *, all_modules: bool = False) -> list[Diagnostic]:
    """Every finding in these files, folders and globs, file by file in source order.

    A file that cannot be read or parsed is one diagnostic, and the others are still checked.
    """
    from scriptkit.checking.paths import check_files, python_files

    return [
        finding for found in check_files(python_files(paths), EVERYTHING, all_modules=all_modules) for finding in found
    ]


def check_class(cls: type, *, errors_only: bool = False) -> list[Diagnostic]:
    """Every finding in a live class and its bases, as `SCRIPTKIT_CHECK` wants it; empty where there is no source.

    With `errors_only`, what a rule itself calls a warning is left out; what is an error elsewhere stays, also where
    it is told as a warning here (in an installed package, or under another torch).
    """
    from scriptkit.checking.live import findings_of

    return findings_of(cls, errors_only=errors_only)
