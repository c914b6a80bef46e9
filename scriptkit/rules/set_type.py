"""The rule `set-type`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class SetType(Rule):
    """A set: a literal, a comprehension, or `set(...)`."""

    code = "SK530"
    name = "set-type"
    raw = (
        "Set(Comp)? aren't supported",
        r"(frozen)?set\(Tensor 0\) -> Tensor 0",
    )
    supersedes = ("unsupported-container", "unsupported-builtin")
    label = "`set` is no type of the compiler"
    note = "containers of the compiler are lists, tuples and dicts"
    help = "use a list, or the keys of a dict where uniqueness matters"
    VALID = (
        forward("seen: Dict[int, bool] = {}\nfor n in x.shape:\n    seen[n] = True\nreturn len(seen)", returns="int"),
    )
    INVALID = (
        Invalid(forward("return x.size(0) in {1, 3}  # <-", returns="bool"), "Set aren't supported"),
        Invalid(forward("return len({n for n in x.shape})  # <-", returns="int"), "SetComp aren't supported"),
        Invalid(forward("return len(set([1, 2]))  # <-", returns="int"), "set(Tensor 0) -> Tensor 0"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Set, ast.SetComp):
            yield self.found(cls, node, f"the set {shown(node)} cannot be compiled", method=function.name)
        for function, call in nodes(cls, ast.Call):
            if cls.module.dotted(call.func) in ("builtins.set", "builtins.frozenset"):
                yield self.found(cls, call, f"the set {shown(call)} cannot be compiled", method=function.name)
