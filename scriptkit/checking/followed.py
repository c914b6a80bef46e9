"""What classes of a file compile of other files of the same project, held to the rules there, at its own lines.

A file is judged by itself, since nothing is imported. A function that it takes from a file beside it is compiled with
it all the same, and so is a base class. A file with such functions is read as if a class at its end called them.
"""

from __future__ import annotations

import ast
import tokenize
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit import language
from scriptkit.checking.definitions import UNREADABLE_FILES, Definitions, Place
from scriptkit.checking.inherited import inherited
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts

    Judge = Callable[[ClassFacts], Iterator[Diagnostic]]

_CALLER = "ScriptkitCaller"
_OWN = "from scriptkit import ScriptableModule as _ScriptkitBase"
_ANY = "from torch.nn import Module as _ScriptkitBase"


def followed(classes: Sequence[ClassFacts], judge: Judge) -> Iterator[tuple[ClassFacts, Diagnostic]]:
    """What `judge` finds in other files that compiled code of these classes leads to, each with the class it is for."""
    definitions = Definitions()
    compiled: list[tuple[ClassFacts, ClassFacts]] = []  # for which class, and what is compiled for it
    for cls in classes:
        bases = inherited(cls, definitions)
        compiled += [(cls, part) for part in (cls, *bases)]
        yield from ((cls, finding) for base in bases for finding in judge(base))
    seen: set[Place] = set()
    while compiled:
        called = _called(compiled, definitions, seen)
        seen |= called.keys()
        compiled = list(_callers(called))
        for cls, caller in compiled:
            last = caller.node.lineno
            yield from ((cls, replace(one, class_name="")) for one in judge(caller) if one.end_line < last)


def _called(
    compiled: Sequence[tuple[ClassFacts, ClassFacts]], definitions: Definitions, seen: set[Place]
) -> dict[Place, ClassFacts]:
    """The functions that compiled code calls, each with a class it is for: one that scriptkit compiles, if there is."""
    found: dict[Place, ClassFacts] = {}
    for cls, part in compiled:
        for function in part.compiled:
            for call in function.by_kind.get(ast.Call, ()):
                dotted = part.module.dotted(call.func) if isinstance(call, ast.Call) else None
                place = definitions.of(part.module, dotted) if dotted and part.is_live(call) else None
                if place is not None and place not in seen and (place not in found or cls.scriptable):
                    found[place] = cls
    return found


def _callers(called: Mapping[Place, ClassFacts]) -> Iterator[tuple[ClassFacts, ClassFacts]]:
    """For each file a typed class that calls its functions; with the class of ours for which it does."""
    by_file: dict[tuple[str, bool], dict[str, ClassFacts]] = defaultdict(dict)
    for place, cls in called.items():
        by_file[place.path, cls.scriptable][place.name] = cls
    for (path, is_own), names in by_file.items():
        try:
            text = _calling(path, tuple(names), Path(path).stat().st_mtime_ns, is_own=is_own)
            module = language.read(text, path)
        except UNREADABLE_FILES:
            continue  # the check of that file itself tells
        caller = module.classes.get(_CALLER)
        if caller is not None:
            caller.called = frozenset(caller.own_methods)
            language.type_classes(module, [caller])
            yield next(iter(names.values())), caller


@lru_cache(maxsize=256)
def _calling(path: str, names: tuple[str, ...], _written: int, *, is_own: bool) -> str:
    """The text of a file with a class at its end that calls functions of it."""
    with tokenize.open(path) as file:
        text = file.read()
    functions = {node.name: node for node in syntax_tree(text, path).body if isinstance(node, ast.FunctionDef)}
    calls = [_call(functions[name]) for name in names if name in functions]
    head = f"{_OWN if is_own else _ANY}\n\n\nclass {_CALLER}(_ScriptkitBase):\n    pass\n"
    return "\n".join([*text.rstrip("\n").splitlines(), "", "", head, *filter(None, calls)])


def _call(function: ast.FunctionDef) -> str:
    """A method that calls a function; empty for one that no compiled code can call."""
    if function.args.vararg or function.args.kwarg:
        return ""
    required = function.args.args[: len(function.args.args) - len(function.args.defaults)]
    given = "".join(f", {one.arg}" + (f": {ast.unparse(one.annotation)}" if one.annotation else "") for one in required)
    call = f"{function.name}({', '.join(one.arg for one in required)})"
    return f"    def _{function.name}(_scriptkit_self{given}):\n        {call}\n"
