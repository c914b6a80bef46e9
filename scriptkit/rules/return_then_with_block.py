"""The rule `return-then-with-block`."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ReturnThenWithBlock(Rule):
    """An early `return`, with a `with` block after it in the same function.

    The compiler rewrites early returns into conditions, and this one makes it fail with an assertion of its own.
    """

    code = "SK526"
    name = "return-then-with-block"
    typed = True
    label = "this block follows an early `return`"
    note = "the compiler moves what follows an early `return` into its `else`, and cannot move a `with` block"
    help = "write the rest of the function as the `else` branch of that `if`"
    VALID = (
        forward(
            "if k > 0:\n    return x\nelse:\n    with torch.no_grad():\n        y = x * 2\n    return y",
            "x: Tensor, k: int",
        ),
        forward("with torch.no_grad():\n    y = x * 2\nif k > 0:\n    return x\nreturn y", "x: Tensor, k: int"),
    )
    INVALID = (
        Invalid(
            forward(
                "if k > 0:\n    return x\nwith torch.no_grad():  # <-\n    y = x * 2\nreturn y", "x: Tensor, k: int"
            ),
            "outputs_[i]->uses().empty() INTERNAL ASSERT FAILED",
        ),
        Invalid(
            forward("if k > 0:\n    return x\nwith torch.no_grad():  # <-\n    return x * 2", "x: Tensor, k: int"),
            "outputs_[i]->uses().empty() INTERNAL ASSERT FAILED",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for early, block in _clashes(function.node.body, None):
                if cls.is_live(early) and cls.is_live(block):
                    finding = self.found(
                        cls,
                        word(cls, block, "with"),
                        "a `with` block follows an early `return`",
                        also=((early, "returns early here"),),
                        method=function.name,
                    )
                    yield replace(finding, severity="warning") if _hangs_on_final(cls, early) else finding


def _hangs_on_final(cls: ClassFacts, early: ast.Return) -> bool:
    """Whether a constant decides about the return, so that one side of the `if` is never compiled."""
    branch = cls.module.parent(early)
    names = (
        [n.attr for n in ast.walk(branch.test) if isinstance(n, ast.Attribute)] if isinstance(branch, ast.If) else []
    )
    return any(name in cls.attributes and cls.attributes[name].final for name in names)


def _clashes(body: list[ast.stmt], around: ast.With | None) -> Iterator[tuple[ast.Return, ast.With]]:
    """An early return of a block, and a `with` that assigns after it: later in the block, or the one around it."""
    early: ast.Return | None = None
    for statement in body:
        if early is not None:
            block = around if around is not None and _assigns(statement) else _assigning_with(statement)
            if block is not None:
                yield early, block
                return
        if isinstance(statement, ast.If):
            early = early or _only_return(statement)
            yield from _clashes(statement.body, None)
            yield from _clashes(statement.orelse, None)
        elif isinstance(statement, (ast.For, ast.While, ast.With)):
            yield from _clashes(statement.body, statement if isinstance(statement, ast.With) else None)


def _assigns(node: ast.AST) -> bool:
    return any(isinstance(n, (ast.Assign, ast.AugAssign, ast.AnnAssign)) for n in ast.walk(node))


def _assigning_with(statement: ast.stmt) -> ast.With | None:
    blocks = (n for n in ast.walk(statement) if isinstance(n, ast.With))
    return next((block for block in blocks if _assigns(block) or _returns(block)), None)


def _returns(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Return) for n in ast.walk(node))


def _only_return(branch: ast.If) -> ast.Return | None:
    """The `return` in which one, and only one, side of the `if` ends."""
    last = [side[-1] if side else None for side in (branch.body, branch.orelse)]
    returns = [statement for statement in last if isinstance(statement, ast.Return)]
    return returns[0] if len(returns) == 1 else None
