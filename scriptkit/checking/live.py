"""The class statement: find the text of a live class, judge it once, remember the verdict.

`SCRIPTKIT_CHECK=error` (the default) reports errors as errors, `warn` makes warnings of them, `off` finds nothing.
Where the installed torch is none whose language is known, the constructor judges, and errors here become warnings.
"""

from __future__ import annotations

import inspect
import linecache
import os
import sys
from dataclasses import replace
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING

from scriptkit.checking import cells, verdicts
from scriptkit.checking.definitions import is_installed
from scriptkit.checking.inherited import be_inherited
from scriptkit.checking.judging import as_warnings, judge_class, settled
from scriptkit.checking.selecting import EVERYTHING
from scriptkit.installed import installed_torch
from scriptkit.language import versions
from scriptkit.language.parsing import PARSING
from scriptkit.language.standing_alone import compiling_alone
from scriptkit.switches import is_disabled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, FunctionFacts


def findings_of(cls: type, *, errors_only: bool = False) -> list[Diagnostic]:
    """Every finding in the class and in those of its bases that no class statement has judged yet."""
    mode = os.environ.get("SCRIPTKIT_CHECK", "error")
    if mode == "off" or is_disabled():
        return []
    found = settled(f for part in _unjudged(cls) for f in _findings_in(part, cls, errors_only=errors_only))
    return as_warnings(found) if mode == "warn" or not _torch_is_known() else found


def errors_of_function(function: FunctionType) -> list[Diagnostic]:
    """The errors in a function that does not compile by itself, as the rules tell them; empty where they know none."""
    path = function.__code__.co_filename
    text = _text(path)
    if text is None or cells.is_cell(path):
        return []
    with PARSING:
        from scriptkit import language

    try:
        facts = language.read(text, path).functions.get(function.__qualname__)
        if facts is None or not _holds(facts, function.__code__.co_firstlineno):
            return []
        return [found for found in _found_in(compiling_alone([facts], is_own=True)) if found.severity == "error"]
    except (RecursionError, SyntaxError, ValueError):
        return []


def _unjudged(cls: type) -> Iterator[type]:
    """The class, and its bases of other files that are modules but no `ScriptableModule`.

    Those of the same file are read together with the class, and a `ScriptableModule` had a class statement of its own.
    """
    yield cls
    for base in cls.__mro__[1:]:
        package = base.__module__.partition(".")[0]
        if package not in ("torch", "scriptkit") and _is_plain_module(base) and _path(base) != _path(cls):
            yield base


def _is_plain_module(base: type) -> bool:
    above = {f"{c.__module__}.{c.__name__}" for c in base.__mro__}
    return "torch.nn.modules.module.Module" in above and not hasattr(base, "__scriptkit_check_save__")


def _findings_in(part: type, cls: type, *, errors_only: bool) -> list[Diagnostic]:
    path = _path(part)
    text = _text(path) if path else None
    if path is None or text is None:
        return []
    hidden = None if part is cls else _hidden(part, cls)
    verdict = _verdict_on_cell(path, text, part) if cells.is_cell(path) else _verdict(path, text, part, hidden=hidden)
    found = [f for f in verdict if f.severity == "error" or not errors_only]
    if part is cls:
        return found
    found = [finding for finding in found if _is_reached(finding, part, cls)]
    return [_at_class(finding, cls) for finding in as_warnings(found)] if is_installed(path) else found


def _hidden(base: type, cls: type) -> frozenset[str]:
    """The methods of a base that `cls` has others in the place of."""
    nearer = cls.__mro__[: cls.__mro__.index(base)]
    return frozenset(name for name in vars(base) if any(name in vars(c) for c in nearer) and not name.startswith("__"))


def _is_reached(finding: Diagnostic, base: type, cls: type) -> bool:
    """Whether the method of a finding is the one `cls` inherits, not one that it overrides."""
    return next((c for c in cls.__mro__ if finding.method in vars(c)), None) is base


def _at_class(finding: Diagnostic, cls: type) -> Diagnostic:
    """A finding in code that nobody here can edit, told at the class that inherits it."""
    path, line = _path(cls) or finding.path, _first_line(cls) or 1
    where = f"{finding.path}:{finding.line}"
    return replace(
        finding,
        path=path,
        line=line,
        column=1,
        end_line=line,
        end_column=2,
        secondary=(),
        note=f"{finding.note}; in {where}",
    )


def _functions(cls: type) -> Iterator[FunctionType]:
    for value in vars(cls).values():
        function = getattr(value, "__func__", getattr(value, "fget", value))
        function = inspect.unwrap(function) if isinstance(function, FunctionType) else function
        if isinstance(function, FunctionType) and function.__qualname__.startswith(f"{cls.__qualname__}."):
            yield function


def _path(cls: type) -> str | None:
    """The file of a class, or the cell of a notebook, as its methods know it."""
    path = next((function.__code__.co_filename for function in _functions(cls)), None)
    return path or getattr(sys.modules.get(cls.__module__), "__file__", None)


def _first_line(cls: type) -> int | None:
    return min((function.__code__.co_firstlineno for function in _functions(cls)), default=None)


def _text(path: str) -> str | None:
    linecache.checkcache(path)
    return "".join(linecache.getlines(path)) or None


def _verdict(
    path: str, text: str, cls: type, *, line: int | None = None, hidden: frozenset[str] | None = None
) -> list[Diagnostic]:
    """The findings in one class of a text; a text seen before is not even parsed.

    With `hidden`, it is a base that a class of another file inherits, which has such methods itself.
    """
    known = _remembered(path, text, versions.judged())
    line = line or _first_line(cls)
    name = cls.__qualname__ if hidden is None else f"{cls.__qualname__} without {sorted(hidden)}"
    key = _key_of(known, name, line)
    if key is None:
        judged = _judged(path, text, cls.__qualname__, line)
        known.update(judged if hidden is None else _judged_as_base(path, text, cls.__qualname__, line, hidden, name))
        verdicts.store(text, known)
        key = _key_of(known, name, line)
    return [replace(finding, path=path) for finding in known[key]] if key else []


def _verdict_on_cell(path: str, text: str, cls: type) -> list[Diagnostic]:
    """The findings in a cell of a notebook, whose imports may stand in another one."""
    names = next((function.__globals__ for function in _functions(cls)), {})
    whole = cells.with_names(text, names)
    return cells.in_the_cell(_verdict(path, whole, cls, line=(_first_line(cls) or 0) + 1))


def _key_of(known: verdicts.Verdicts, name: str, line: int | None) -> str | None:
    """The verdict on the class of this name that holds this line: a file may define a name twice."""
    for key in known:
        qualname, first, last = key.rsplit(":", 2)
        if qualname == name and (line is None or int(first) <= line <= int(last)):
            return key
    return None


@lru_cache(maxsize=64)
def _remembered(path: str, text: str, torch: str) -> verdicts.Verdicts:
    del path, torch
    return verdicts.load(text) or {}


def _judged(path: str, text: str, name: str, line: int | None) -> Iterator[tuple[str, list[Diagnostic]]]:
    """Judge the class that is asked for, and those of the same file that will be."""
    with PARSING:
        from scriptkit import language

    try:
        module = language.read(text, path, told={name: True})  # a module, also by a base of another file
    except RecursionError:  # deeper than Python's parser goes: the constructor judges
        return
    for cls in module.classes.values():
        wanted = cls.qualname == name and (line is None or _holds(cls, line))
        if wanted or cls.scriptable:
            yield _place(cls, cls.qualname), _found_in(cls)


def _judged_as_base(
    path: str, text: str, name: str, line: int | None, hidden: frozenset[str], label: str
) -> Iterator[tuple[str, list[Diagnostic]]]:
    """Judge a class as another file inherits it, under a name for that."""
    with PARSING:
        from scriptkit import language

    try:
        module = language.read(text, path, told={name: True})
    except RecursionError:
        return
    for cls in module.classes.values():
        if cls.qualname == name and (line is None or _holds(cls, line)):
            be_inherited(cls, hidden)
            yield _place(cls, label), _found_in(cls)


def _place(cls: ClassFacts, label: str) -> str:
    return f"{label}:{cls.node.lineno}:{cls.node.end_lineno}"


def _found_in(cls: ClassFacts) -> list[Diagnostic]:
    from scriptkit.language.inference.classes import infer

    cls.scriptable = True
    try:
        infer(cls)
        return settled(judge_class(cls, EVERYTHING))
    except RecursionError:  # the constructor judges
        return []


def _holds(facts: ClassFacts | FunctionFacts, line: int) -> bool:
    first = min([facts.node.lineno, *(decorator.lineno for decorator in facts.node.decorator_list)])
    return first <= line <= (facts.node.end_lineno or facts.node.lineno)


def _torch_is_known() -> bool:
    """Whether the language of the installed torch is known, so that what is found is certain."""
    installed = installed_torch()
    return installed is None or versions.is_known(installed)
