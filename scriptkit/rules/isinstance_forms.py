"""The rule `isinstance-forms`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, quoted, shown
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class IsinstanceForms(ProblemRule[calls.IsinstanceForms]):
    """`isinstance` with something the compiler takes for no type."""

    code = "SK429"
    name = "isinstance-forms"
    typed = True
    raw = ()
    kinds = (calls.IsinstanceForms,)
    label = "no type to test for"
    note = "compiled `isinstance` takes types the compiler knows, or a tuple of them, written in the call"
    help = "write concrete types"
    VALID = (forward("if isinstance(y, (int, float)):\n    return x * 2\nreturn x", "x: Tensor, y: Any"),)
    INVALID = (
        Invalid(
            "KINDS = (int, float)\n\n"
            + forward("if isinstance(y, KINDS):  # <-\n    return x * 2\nreturn x", "x: Tensor, y: Any"),
            "Unknown type name 'KINDS'",
        ),
        Invalid(
            forward("if isinstance(y, Sequence):  # <-\n    return x * 2\nreturn x", "x: Tensor, y: Any"),
            "Unknown type name 'Sequence'",
        ),
        Invalid(
            forward("if isinstance(y, type(x)):  # <-\n    return x * 2\nreturn x", "x: Tensor, y: Any"),
            "Expression of type apply cannot be used in a type expression",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        yield from super().check(cls)
        for function, node in nodes(cls, ast.Call):
            if node.args[1:] and cls.module.dotted(node.func) == "builtins.isinstance" and cls.is_live(node):
                kind = node.args[1]
                if isinstance(kind, ast.Call) or _holds_tuple(cls, kind) or cls.module.dotted(kind) in ABSTRACT:
                    yield self.found(cls, node, f"{shown(node)} cannot be decided in TorchScript", method=function.name)

    def describe(self, cls: ClassFacts, problem: Problem[calls.IsinstanceForms]) -> Diagnostic:
        return self.about(cls, problem, f"{quoted(problem.data.text)} cannot be decided in TorchScript")


ABSTRACT = tuple(
    f"{home}.{name}"
    for home in ("typing", "collections.abc")
    for name in ("Sequence", "Iterable", "Mapping", "Callable")
)


def _holds_tuple(cls: ClassFacts, kind: ast.expr) -> bool:
    """Whether it is a name of the module that holds several types."""
    known = cls.module.globals.get(kind.id) if isinstance(kind, ast.Name) else None
    return known is not None and isinstance(known.value, ast.Tuple)
