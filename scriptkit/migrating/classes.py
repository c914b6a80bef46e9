"""`class Net(nn.Module)`, compiled somewhere, becomes `class Net(ScriptableModule)`, with its marks."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.checking.definitions import Place
from scriptkit.migrating.project import MODULES, is_exported
from scriptkit.migrating.steps import Step, replaced, without_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.fixing.editing import Change
    from scriptkit.language.facts import ClassFacts, FunctionFacts, ModuleFacts
    from scriptkit.migrating.names import Spelling
    from scriptkit.migrating.project import Project

HARMLESS = frozenset({"abc.ABC", "typing.Generic", "typing.Protocol", *MODULES})


def candidates(module: ModuleFacts, project: Project) -> list[ClassFacts]:
    """The classes whose base decides: those that are compiled, or that a compiled class of the file is made from."""
    compiled = [cls for cls in module.classes.values() if not cls.scriptable and _is_compiled(cls, project)]
    roots = [above for cls in compiled for above in cls.mro if MODULES & set(above.bases)]
    return list(dict.fromkeys(roots))


def _is_compiled(cls: ClassFacts, project: Project) -> bool:
    is_asked_for = "torch.jit.ScriptModule" in cls.bases or Place(cls.module.path, cls.name) in project.compiled
    return is_asked_for or (cls.is_module and is_exported(cls))


def obstacle(cls: ClassFacts, project: Project) -> str:
    """Why the base of a class has to stay, whatever the rules say."""
    others = [base for base in cls.foreign_bases if base not in HARMLESS]
    if others:
        return f"`{others[0]}` is another base of it, and nobody here knows whether the two go together"
    user = project.made_from.get(Place(cls.module.path, cls.name))
    if user is not None:
        return f"`{user}` makes subclasses of it, which would be compiled, too"
    keywords = [keyword.arg for base in cls.mro for keyword in base.node.keywords]
    return "it has a metaclass of its own" if "metaclass" in keywords else ""


def step(cls: ClassFacts, spelling: Spelling) -> Step | None:
    """The base, and the marks of torch on the methods of the class and of its subclasses in the file."""
    module = cls.module
    name, needs = spelling.of("scriptkit.ScriptableModule")
    bases = [base for base in cls.node.bases if module.dotted(base) in MODULES]
    changes = [replaced(module, bases[0], name)]
    for method in _methods(cls):
        for decorator, mark in method.decorators:
            made = _remarked(method, decorator, mark, spelling)
            if made is None:
                return None
            changes += made[0]
            needs |= made[1]
    return Step(cls.node, tuple(changes), needs)


def _methods(cls: ClassFacts) -> Iterator[FunctionFacts]:
    for other in cls.module.classes.values():
        if cls in other.mro:
            yield from other.own_methods.values()


def _remarked(
    method: FunctionFacts, decorator: ast.expr, mark: str | None, spelling: Spelling
) -> tuple[list[Change], frozenset[str]] | None:
    """The changes for one decorator, and what they need; None where one would take a comment with it."""
    if mark not in ("torch.jit.export", "torch.jit.script_method") or isinstance(decorator, ast.Call):
        return [], frozenset()
    if mark == "torch.jit.script_method" and method.name == "forward":
        line = without_line(method.module, decorator)
        return None if line is None else ([line], frozenset())
    name, needs = spelling.of("scriptkit.export")
    return [replaced(method.module, decorator, name)], needs
