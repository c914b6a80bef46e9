"""Base classes of other files of the same project: what they make of a class, and what of them is compiled with it.

A file is read by itself, and nothing is imported. What a class inherits from a file beside it is compiled with it all
the same: the base is read there, as the class uses it.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit import language
from scriptkit.checking.definitions import Definitions, read_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.checking.definitions import Place
    from scriptkit.language.facts import ClassFacts, FunctionFacts, ModuleFacts

_HEIR = "<a class of another file>"


def analyzed(text: str, path: str, *, all_modules: bool = False) -> ModuleFacts:
    """Read a file, with what bases in other files make of its classes, and type every class that is to be checked."""
    module = language.read(text, path)
    definitions = Definitions()
    told = {cls.qualname: kind for cls in module.classes.values() if (kind := _kind(cls, definitions, set()))}
    if any(_is_news(module.classes[name], is_scriptable=kind == "scriptable") for name, kind in told.items()):
        scriptable = {name: kind == "scriptable" for name, kind in told.items()}
        module = language.read(text, path, module.tree, scriptable)
    language.type_classes(module, module.checked_classes(all_modules=all_modules))
    return module


def _is_news(cls: ClassFacts, *, is_scriptable: bool) -> bool:
    return not cls.is_module or (is_scriptable and not cls.scriptable)


def _kind(cls: ClassFacts, definitions: Definitions, seen: set[Place]) -> str:
    """`scriptable` or `module`, as far as bases in other files make a class one; else empty."""
    kinds = {_kind_of_base(place, definitions, seen) for place in _bases_elsewhere(cls, definitions)}
    return "scriptable" if "scriptable" in kinds else "module" if "module" in kinds else ""


def _kind_of_base(place: Place, definitions: Definitions, seen: set[Place]) -> str:
    base = _class(place)
    if base is None or place in seen:
        return ""
    above = _kind(base, definitions, seen | {place})
    return "scriptable" if base.scriptable or above == "scriptable" else "module" if base.is_module else above


def _bases_elsewhere(cls: ClassFacts, definitions: Definitions) -> Iterator[Place]:
    for owner in cls.mro:
        for name in owner.foreign_bases:
            place = definitions.of(owner.module, name)
            if place is not None:
                yield place


def _class(place: Place) -> ClassFacts | None:
    module = read_file(place.path)
    return None if module is None else module.classes.get(place.name)


def inherited(cls: ClassFacts, definitions: Definitions) -> list[ClassFacts]:
    """The bases of a typed class that stand in other files, each typed as far as this class compiles it.

    What the class calls of them is, and what it has itself in their place is not.
    """
    bases = list(_read_for(cls, definitions))
    called, before = called_of_self(cls), None
    while bases and called != before:
        before = called
        for base in bases:
            base.called, base.compiled = called - _replaced(base), []
            language.type_classes(base.module, [base])
        called = called.union(*map(called_of_self, bases))
    return bases


def _read_for(cls: ClassFacts, definitions: Definitions) -> Iterator[ClassFacts]:
    """The bases, nearest first, read anew: of each it is known which of its methods others hide."""
    todo, seen = list(_bases_elsewhere(cls, definitions)), set()
    hidden = _hidden_by(cls)
    while todo:
        place = todo.pop(0)
        known = None if place in seen else read_file(place.path)
        seen.add(place)
        if known is None or place.name not in known.classes:
            continue
        is_scriptable = {place.name: cls.scriptable}
        base = language.read(known.text, known.path, known.tree, is_scriptable).classes[place.name]
        if not known.classes[place.name].scriptable:  # else it had a class statement of its own, and stands by itself
            be_inherited(base, frozenset(hidden))
        yield base
        hidden |= _hidden_by(base)
        todo += _bases_elsewhere(base, definitions)


def be_inherited(base: ClassFacts, hidden: frozenset[str]) -> None:
    """See a class as one of another file inherits it: that may have the attributes, and has the hidden methods."""
    base.foreign_bases.append(_HEIR)
    base.hide(hidden)


def _replaced(cls: ClassFacts) -> frozenset[str]:
    """What a class writes to anywhere: a method that its constructor replaces is not the one that is compiled."""
    return frozenset(
        node.attr
        for owner in cls.mro
        for node in ast.walk(owner.node)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    )


def _hidden_by(cls: ClassFacts) -> set[str]:
    """The methods that a class has in the place of those of its bases, and calls nowhere as theirs."""
    own = [method for owner in cls.mro for method in owner.own_methods.values()]
    kept = {node.attr for method in own for node in _reads(method) if _is_super(node.value)}
    return {method.name for method in own} - kept


def called_of_self(cls: ClassFacts) -> frozenset[str]:
    """The names that compiled code of a typed class reads of `self` and of `super()`."""
    reads = (node for function in cls.compiled for node in _reads(function) if cls.is_live(node))
    return frozenset(node.attr for node in reads)


def _reads(function: FunctionFacts) -> Iterator[ast.Attribute]:
    for node in function.by_kind.get(ast.Attribute, ()):
        if isinstance(node, ast.Attribute) and (_is_super(node.value) or _is_self(node.value, function)):
            yield node


def _is_self(node: ast.expr, function: FunctionFacts) -> bool:
    return isinstance(node, ast.Name) and node.id == function.self_name


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
