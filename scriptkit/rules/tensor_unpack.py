"""The rule `tensor-unpack`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import shown
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class TensorUnpack(ProblemRule[containers.TensorUnpack | containers.UnpackCount]):
    """A tensor, or a value of another length, unpacked into several names."""

    code = "SK225"
    name = "tensor-unpack"
    raw = (
        "cannot be used as a tuple",
        "(too many|not enough) values to unpack",
    )
    kinds = (
        containers.TensorUnpack,
        containers.UnpackCount,
    )
    note = "the compiler must know how many values there are; a tensor does not tell, a tuple does"
    VALID = (forward("a, b = x.unbind(0)\nreturn a + b"),)
    INVALID = (
        Invalid(forward("a, b = x  # <-\nreturn a + b"), "cannot be used as a tuple"),
        Invalid(forward("for a, b in x:  # <-\n    x = x + a * b\nreturn x"), "cannot be used as a tuple"),
        Invalid(forward("a, b = (x, x, x)  # <-\nreturn a + b"), "too many values to unpack: need 2 but found 3"),
    )

    def describe(
        self, cls: ClassFacts, problem: Problem[containers.TensorUnpack | containers.UnpackCount]
    ) -> Diagnostic:
        data = problem.data
        if isinstance(data, containers.TensorUnpack):
            return self.about(
                cls,
                problem,
                f"{shown(_value(cls, problem.node))}, a tensor, is unpacked into {data.count} names",
                label="a `Tensor`",
                help="unbind it along a dimension",
                suggestion="<names> = x.unbind(0)",
            )
        return self.about(
            cls,
            problem,
            f"a `{data.type}` is unpacked into {data.expected} names",
            label=f"{data.actual} values",
            help="unpack into as many names as there are values",
        )


def _value(cls: ClassFacts, node: ast.AST) -> ast.AST:
    """What is unpacked, seen from the assignment or its target."""
    for statement in (node, cls.module.parent(node)):
        if isinstance(statement, ast.Assign):
            return statement.value
    return node
