"""`for i in range(len(self.layers)): x = self.layers[i](x)` becomes a loop over `enumerate(self.layers)`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.fix import Edits, Fix
from scriptkit.language.problems import modules

if TYPE_CHECKING:
    from scriptkit.language.facts import ClassFacts, Problem


class IterateModules(Fix[modules.ModuleContainerDynamicIndex]):
    """A loop over all indices of a container of modules, which reads the container by that index only."""

    kinds = (modules.ModuleContainerDynamicIndex,)

    def edits(self, cls: ClassFacts, problem: Problem[modules.ModuleContainerDynamicIndex]) -> Edits | None:
        container, index = problem.data.text, problem.data.index
        loop = next((n for n in cls.module.ancestors(problem.node) if _counts(n, index)), None)
        if not isinstance(loop, ast.For) or problem.method is None or not _covers(cls, loop, container):
            return None
        item = _free_name(problem.method.node, container)
        reads = [
            n for n in ast.walk(loop) if isinstance(n, ast.Subscript) and ast.unparse(n) == f"{container}[{index}]"
        ]
        expressions = {cls.module.span(read): item for read in reads}
        others = [n for s in loop.body for n in ast.walk(s) if isinstance(n, ast.Name) and n.id == index]
        counted = len(others) > len(reads)
        expressions[cls.module.span(loop.iter)] = f"enumerate({container})" if counted else container
        return Edits(expressions, targets={cls.module.span(loop.target): f"{index}, {item}" if counted else item})


def _counts(node: ast.AST, index: str) -> bool:
    return isinstance(node, ast.For) and isinstance(node.target, ast.Name) and node.target.id == index


def _covers(cls: ClassFacts, loop: ast.For, container: str) -> bool:
    """Whether the loop runs over exactly the indices of the container."""
    match loop.iter:
        case ast.Call(func=ast.Name(id="range"), args=[count]):
            return ast.unparse(count) == f"len({container})" or ast.unparse(count) in _sizes(cls, container)
    return False


def _sizes(cls: ClassFacts, container: str) -> set[str]:
    """How the number of modules may be spelled: the length of a literal, or `self.n` of `[... for _ in range(n)]`."""
    facts = cls.attributes.get(container.removeprefix("self."))
    if facts is None or len(facts.init) != 1 or facts.later:
        return set()
    match facts.init[0].value:
        case ast.Call(args=[ast.List(elts=elements)]) if not any(isinstance(e, ast.Starred) for e in elements):
            return {str(len(elements))}
        case ast.Call(args=[ast.ListComp(generators=[ast.comprehension(iter=ast.Call() as made, ifs=[])])]):
            return _counted(cls, made)
    return set()


def _counted(cls: ClassFacts, made: ast.Call) -> set[str]:
    """The spellings of `n` in `range(n)`."""
    if ast.unparse(made.func) != "range" or len(made.args) != 1:
        return set()
    count = ast.unparse(made.args[0])
    return {*_same_attributes(cls, count), *([count] if count.isdecimal() else [])}


def _same_attributes(cls: ClassFacts, text: str) -> set[str]:
    """`self.n` for the parameter `n` that `__init__` keeps in it and never changes."""
    same = set()
    for name, facts in cls.attributes.items():
        values = [a.value for a in facts.init]
        if len(values) == 1 and not facts.later and values[0] is not None and ast.unparse(values[0]) == text:
            same.add(f"self.{name}")
    return same | ({text} if text.startswith("self.") else set())


def _free_name(function: ast.AST, container: str) -> str:
    """A name for one module: the singular of the container's, if nothing else is called so."""
    taken = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)} | {
        n.arg for n in ast.walk(function) if isinstance(n, ast.arg)
    }
    plural = container.rpartition(".")[2]
    wanted = plural[:-1] if plural.endswith("s") and len(plural) > 1 else f"{plural}_item"
    while wanted in taken or not wanted.isidentifier():
        wanted += "_"
    return wanted
