"""What has another name: `torch.jit.Final`, `@torch.jit.ignore`, `@torch.jit.unused`, `@torch.jit.script`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.migrating.names import FINAL
from scriptkit.migrating.steps import Step, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import FunctionFacts, ModuleFacts
    from scriptkit.migrating.names import Spelling

LEFT_OUT = {"torch.jit.ignore": "scriptkit.ignore", "torch.jit.unused": "scriptkit.unused"}


def marks(module: ModuleFacts, spelling: Spelling) -> Iterator[Step]:
    """A step for each mark whose meaning stays the same."""
    for function in _functions(module):
        for decorator, name in function.decorators:
            target = _target(function, decorator, name)
            if target:
                new, needs = spelling.of(target)
                yield Step(decorator, (replaced(module, decorator, new),), needs)
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and module.dotted(node) == "torch.jit.Final":
            new, needs = spelling.of(FINAL)
            yield Step(node, (replaced(module, node, new),), needs)


def _functions(module: ModuleFacts) -> Iterator[FunctionFacts]:
    yield from module.functions.values()
    for cls in module.classes.values():
        yield from cls.own_methods.values()


def _target(function: FunctionFacts, decorator: ast.expr, name: str | None) -> str:
    """What a decorator becomes; nothing for one that takes arguments, or that stands on a property."""
    if isinstance(decorator, ast.Call) or function.kind in ("property", "setter", "static", "class"):
        return ""
    if name == "torch.jit.script":
        return "scriptkit.script" if function.owner is None and _is_only_called(function) else ""
    return LEFT_OUT.get(name or "", "")


def _is_only_called(function: FunctionFacts) -> bool:
    """Whether a function is known only as something to call: `f.graph` and `f.save` are those of torch's own object."""
    module = function.module
    is_at_top = function.node in module.tree.body
    uses = (node for node in ast.walk(module.tree) if isinstance(node, ast.Attribute))
    return is_at_top and not any(isinstance(use.value, ast.Name) and use.value.id == function.name for use in uses)
