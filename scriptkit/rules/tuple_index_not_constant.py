"""The rule `tuple-index-not-constant`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward, model
from scriptkit.rules.reading import is_self_attribute, quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class TupleIndexNotConstant(ProblemRule[containers.TupleIndexNotConstant]):
    """A tuple indexed or sliced by a value unknown while compiling."""

    code = "SK220"
    name = "tuple-index-not-constant"
    raw = (
        "tuple slice indices must be integer constants",
        "with a non-integer literal because we cannot resolve the output type",
    )
    kinds = (containers.TupleIndexNotConstant,)
    note = "each element of a tuple has a type of its own, so the compiler must know which one is meant"
    VALID = (
        model(
            "self.start = 1", "levels = (x, x + 1, x + 2)\nreturn levels[self.start :][0]", declared="start: Final[int]"
        ),
        forward("levels = [x, x + 1, x + 2]\nreturn levels[k]", "x: Tensor, k: int"),
    )
    INVALID = (
        Invalid(
            model("self.start = 1", "levels = (x, x + 1, x + 2)\nreturn levels[self.start :][0]  # <-"),
            "tuple slice indices must be integer constants",
        ),
        Invalid(
            forward("pair = (x, 2)\nprint(pair[k])  # <-\nreturn x", "x: Tensor, k: int"),
            "with a non-integer literal because we cannot resolve the output type",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[containers.TupleIndexNotConstant]) -> Diagnostic:
        text, is_slice = problem.data.text, problem.data.slice
        attribute = _variable(cls, problem.node)
        return self.about(
            cls,
            problem,
            f"the tuple {quoted(text)} is {'sliced' if is_slice else 'indexed'} by a value that is no constant",
            label="which elements these are is unknown" if is_slice else "which element this is is unknown",
            help=f"declare `{attribute}` as `Final`, or use a list"
            if attribute
            else "use a literal, or a list if all elements have one type",
            suggestion=f"{attribute}: Final[int]" if attribute else "",
        )


def _variable(cls: ClassFacts, node: ast.AST) -> str:
    """The attribute in an index that is no constant, and could be one."""
    index = node.slice if isinstance(node, ast.Subscript) else node
    names = (n.attr for n in ast.walk(index) if isinstance(n, ast.Attribute) and is_self_attribute(n))
    return next((name for name in names if name in cls.attributes and not cls.attributes[name].final), "")
