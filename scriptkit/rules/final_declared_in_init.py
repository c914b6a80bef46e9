"""The rule `final-declared-in-init`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.problems import containers, modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import is_self_attribute
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class FinalDeclaredInInit(Rule):
    """`self.x: Final = ...` in `__init__`, where a constant is needed.

    The compiler reads `Final` in the class body only; in `__init__` it makes an ordinary attribute. A
    `ScriptableModule` takes
    both.
    """

    code = "SK112"
    name = "final-declared-in-init"
    raw = ()
    lifted = True
    supersedes = ("module-list-index", "tuple-index-not-constant", "attribute-not-constant", "parameter-container")
    label = "not constant for the compiler"
    note = "the compiler reads `Final` in the class body only"
    VALID = (
        model(
            "self.layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])\nself.last = 1",
            "return self.layers[self.last](x)",
            declared="last: Final[int]",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])\nself.last: Final[int] = 1",
                "return self.layers[self.last](x)  # <-",
            ),
            "Expected integer literal for index",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for problem in cls.problems:
            if isinstance(problem.data, _NEED_CONSTANTS):
                attribute = next(
                    (a for a in map(_attribute, ast.walk(problem.node)) if a and _is_final_in_init(cls, a)), None
                )
                if attribute:
                    yield self.found(
                        cls,
                        problem.node,
                        f"`self.{attribute}` is declared `Final` in `__init__`, where it has no effect",
                        help=f"declare it in the body of `{cls.name}`",
                        suggestion=f"{attribute}: Final[<type>]",
                        method=problem.method.name if problem.method else "",
                    )


_NEED_CONSTANTS = (
    modules.ModuleContainerDynamicIndex,
    containers.TupleIndexNotConstant,
    modules.ParameterContainer,
)


def _attribute(node: ast.AST) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) and is_self_attribute(node) else None


def _is_final_in_init(cls: ClassFacts, name: str) -> bool:
    facts = cls.attributes.get(name)
    declared = (a.annotation for a in facts.init if a.annotation is not None) if facts else ()
    return any("Final" in ast.unparse(annotation) for annotation in declared)
