"""The rule `attribute-not-constant`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import is_self_attribute, nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import AttributeFacts, ClassFacts


class AttributeNotConstant(Rule):
    """A branch on an attribute that is not `Final`, which calls a submodule that may be `None`.

    The compiler skips a branch only if its condition is constant. Otherwise it compiles the branch also in the
    instances whose submodule is `None`, and refuses them.
    """

    code = "SK113"
    name = "attribute-not-constant"
    once = True
    raw = ("cannot call a value of type 'NoneType'",)
    severity = "warning"
    label = "not constant, so this branch is always compiled"
    note = "the compiler skips a branch only if its condition is constant, as a `Final` attribute is"
    VALID = (
        """
        class Model(nn.Module):
            has_skip: Final[bool]

            def __init__(self, has_skip: bool = False) -> None:
                super().__init__()
                self.has_skip = has_skip
                self.skip = nn.Linear(2, 2) if has_skip else None

            def forward(self, x: Tensor) -> Tensor:
                if self.has_skip:
                    x = x + self.skip(x)
                return x
        """,
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                def __init__(self, has_skip: bool = False) -> None:
                    super().__init__()
                    self.has_skip = has_skip
                    self.skip = nn.Linear(2, 2) if has_skip else None

                def forward(self, x: Tensor) -> Tensor:
                    if self.has_skip:  # <-
                        x = x + self.skip(x)
                    return x
            """,
            "cannot call a value of type 'NoneType'",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.If):
            flag = node.test.attr if isinstance(node.test, ast.Attribute) and is_self_attribute(node.test) else None
            facts = cls.attributes.get(flag) if flag else None
            absent = (
                _first_absent(cls, node.body) if facts is not None and not facts.final and _holds_bool(facts) else None
            )
            if flag and absent and cls.is_live(node):
                yield self.found(
                    cls,
                    node.test,
                    f"`self.{flag}` guards `self.{absent}` but is not `Final`",
                    help=f"declare `{flag}` as `Final` in the body of `{cls.name}`",
                    suggestion=f"{flag}: Final[bool]",
                    method=function.name,
                )


def _holds_bool(facts: AttributeFacts) -> bool:
    """Whether it holds a flag: its value is neither a module nor `None`."""
    return all(
        isinstance(a.value, (ast.Name, ast.Constant, ast.Compare, ast.BoolOp, ast.UnaryOp)) for a in facts.init
    ) and bool(facts.init)


def _first_absent(cls: ClassFacts, body: list[ast.stmt]) -> str | None:
    """The first submodule called in these statements that some instances lack."""
    calls = (n.func for s in body for n in ast.walk(s) if isinstance(n, ast.Call))
    names = (f.attr for f in calls if isinstance(f, ast.Attribute) and is_self_attribute(f))
    return next((name for name in names if name in cls.attributes and _may_be_none(cls.attributes[name])), None)


def _may_be_none(facts: AttributeFacts) -> bool:
    return any(
        isinstance(a.value, ast.IfExp)
        and any(isinstance(s, ast.Constant) and s.value is None for s in (a.value.body, a.value.orelse))
        for a in facts.init
    )
