"""Functions of other files of the same project that compiled code calls: what the rules find in them, at their lines.

A file is judged by itself, since nothing is imported. A function that it takes from a file beside it is compiled with
it all the same. That file is read as if a class at its end called the function.
"""

from __future__ import annotations

import ast
import tokenize
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit import language
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, ModuleFacts

    Judge = Callable[[ClassFacts], Iterator[Diagnostic]]

_MOST_FOLDERS = 4
"""How far up the folder may lie in which imports of a project begin."""
_INSTALLED = {"site-packages", "dist-packages"}
_CALLER = "ScriptkitCaller"
_OWN = "from scriptkit import ScriptableModule as _ScriptkitBase"
_ANY = "from torch.nn import Module as _ScriptkitBase"


def followed(module: ModuleFacts, classes: Sequence[ClassFacts], judge: Judge) -> Iterator[Diagnostic]:
    """What `judge` finds in functions that compiled code of these classes takes from files beside theirs."""
    for (path, name), is_own in _called(module, classes).items():
        calling = _calling(path, name, Path(path).stat().st_mtime_ns, is_own=is_own)
        if calling is None:
            continue
        text, count = calling
        try:
            facts = language.analyze(text, path, all_modules=not is_own)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # the check of that file itself tells
        caller = facts.classes.get(_CALLER)
        found = judge(caller) if caller is not None else ()
        yield from (replace(one, class_name="") for one in found if one.end_line <= count)


def _called(module: ModuleFacts, classes: Sequence[ClassFacts]) -> dict[tuple[str, str], bool]:
    """The functions, each with whether a class that scriptkit compiles calls it."""
    found: dict[tuple[str, str], bool] = {}
    if not _INSTALLED.isdisjoint(Path(module.path).parts):
        return found  # nobody here can edit it
    for cls in classes:
        for function in cls.compiled:
            for call in function.by_kind.get(ast.Call, ()):
                dotted = module.dotted(call.func) if isinstance(call, ast.Call) else None
                path = _file_of(module.path, dotted.rpartition(".")[0]) if dotted and cls.is_live(call) else None
                if dotted is not None and path is not None:
                    place = path, dotted.rpartition(".")[2]
                    found[place] = found.get(place, False) or cls.scriptable
    return found


@lru_cache(maxsize=1024)
def _file_of(importer: str, name: str) -> str | None:
    """The file of a module of the same project, as it is imported by one of its files."""
    parts = [part for part in name.split(".") if part]
    if not parts or parts[0] in {"torch", "builtins", "scriptkit", "typing", "math"}:
        return None
    for folder in list(Path(importer).parents)[:_MOST_FOLDERS]:
        for file in (folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")):
            if file.is_file() and file != Path(importer):
                return str(file)
    return None


@lru_cache(maxsize=256)
def _calling(path: str, name: str, _written: int, *, is_own: bool) -> tuple[str, int] | None:
    """The text of a file with a class at its end that calls a function of it; the number of lines before that."""
    try:
        with tokenize.open(path) as file:
            text = file.read()
        functions = [node for node in syntax_tree(text, path).body if isinstance(node, ast.FunctionDef)]
    except (OSError, SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None
    function = next((one for one in functions if one.name == name), None)
    if function is None or function.args.vararg or function.args.kwarg:
        return None
    required = function.args.args[: len(function.args.args) - len(function.args.defaults)]
    given = "".join(f", {one.arg}" + (f": {ast.unparse(one.annotation)}" if one.annotation else "") for one in required)
    call = f"{name}({', '.join(one.arg for one in required)})"
    lines = text.rstrip("\n").splitlines()
    head = f"{_OWN if is_own else _ANY}\n\n\nclass {_CALLER}(_ScriptkitBase):"
    ending = f"{head}\n    def forward(self{given}):\n        {call}\n"
    return "\n".join([*lines, "", "", ending]), len(lines)
