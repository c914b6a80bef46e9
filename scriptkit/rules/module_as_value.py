"""The rule `module-as-value`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import is_self_attribute, nodes, shown
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import AttributeFacts, ClassFacts, Problem


class ModuleAsValue(ProblemRule[modules.ModuleAsValue]):
    """A module that stands where a value is needed: in a list or tuple, a conditional expression, a second name."""

    code = "SK308"
    name = "module-as-value"
    typed = True
    raw = ("'__torch__[^']*' object has no attribute or method '__call__'",)
    kinds = (modules.ModuleAsValue,)
    label = "a module is no value"
    note = "each module has a type of its own, so the compiler must see which one is called"
    help = "call it where it is, and choose between the results"
    VALID = (model("self.a = nn.ReLU()\nself.b = nn.Tanh()", "return self.a(x) if x.size(0) > 1 else self.b(x)"),)
    INVALID = (
        Invalid(
            model("self.a = nn.ReLU()\nself.b = nn.Tanh()", "for act in [self.a]:  # <-\n    x = act(x)\nreturn x"),
            "has no attribute or method '__call__'",
        ),
        Invalid(
            model(
                "self.a = nn.ReLU()\nself.b = nn.Tanh()",
                "for act in (self.a, self.b):  # <-\n    x = act(x)\nreturn x",
            ),
            "has no attribute or method '__call__'",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        yield from super().check(cls)
        for function, loop in nodes(cls, ast.For):
            if _is_tuple_of_modules(cls, loop.iter) and _calls_item(loop) and cls.is_live(loop):
                yield self.found(
                    cls,
                    loop.iter,
                    f"{shown(loop.iter)} is a tuple of modules, and its elements are called",
                    label="a tuple of modules",
                    help="keep the modules in a `ModuleList` and iterate over that, or call `forward` of each",
                    method=function.name,
                )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleAsValue]) -> Diagnostic | None:
        above = cls.module.parent(problem.node)
        choice = next(p.node for p in cls.problems if type(p.data) in self.kinds and cls.module.parent(p.node) is above)
        if isinstance(above, (ast.IfExp, ast.List, ast.Tuple)) and choice is not problem.node:
            return None  # one choice between modules is one mistake
        return self.about(cls, problem, f"{shown(problem.node)} is a module, and stands where a value is needed")


def _is_tuple_of_modules(cls: ClassFacts, node: ast.expr) -> bool:
    elements = node.elts if isinstance(node, ast.Tuple) else []
    names = [e.attr for e in elements if isinstance(e, ast.Attribute) and is_self_attribute(e)]
    return bool(names) and len(names) == len(elements) and all(_is_module(cls.attributes.get(name)) for name in names)


def _is_module(facts: AttributeFacts | None) -> bool:
    """Whether it is a module of torch, made in `__init__`."""
    if facts is None or not facts.init:
        return False
    module = facts.owner.module
    made = [module.dotted(a.value.func) or "" if isinstance(a.value, ast.Call) else "" for a in facts.init]
    return all(name.startswith("torch.nn.") and name.removeprefix("torch.nn.").isidentifier() for name in made)


def _calls_item(loop: ast.For) -> bool:
    """Whether the body calls the name the loop assigns."""
    name = loop.target.id if isinstance(loop.target, ast.Name) else ""
    calls = (n.func for s in loop.body for n in ast.walk(s) if isinstance(n, ast.Call))
    return any(isinstance(called, ast.Name) and called.id == name for called in calls)
