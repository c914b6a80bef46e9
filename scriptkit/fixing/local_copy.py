"""`if self.bias is not None: x + self.bias` gets `bias = self.bias` before it, and uses that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.fix import Edits, Fix
from scriptkit.language.problems import optionals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import ClassFacts, Problem


class LocalCopy(Fix[optionals.OptionalAttributeNotRefined]):
    """An attribute checked and used in one statement, or asserted and used in one block, and not assigned there."""

    kinds = (optionals.OptionalAttributeNotRefined,)

    def edits(self, cls: ClassFacts, problem: Problem[optionals.OptionalAttributeNotRefined]) -> Edits | None:
        text = problem.data.text
        name = text.rpartition(".")[2]
        if (
            problem.method is None
            or not text.startswith("self.")
            or "." in text[5:]
            or _is_taken(problem.method.node, name)
        ):
            return None
        statements = _guarded(cls, problem.node, text)
        reads = [n for s in statements for n in ast.walk(s) if isinstance(n, ast.Attribute) and ast.unparse(n) == text]
        if (
            not statements
            or _may_change(cls, name, statements)
            or not all(isinstance(read.ctx, ast.Load) for read in reads)
        ):
            return None
        return Edits({cls.module.span(read): name for read in reads}, before={statements[0].lineno: f"{name} = {text}"})


def _is_taken(function: ast.AST, name: str) -> bool:
    return any(
        (isinstance(n, ast.Name) and n.id == name) or (isinstance(n, ast.arg) and n.arg == name)
        for n in ast.walk(function)
    )


def _guarded(cls: ClassFacts, use: ast.AST, text: str) -> list[ast.stmt]:
    """The `if` around the use that checks the attribute; or the assertion before it, up to the end of the block."""
    for above in cls.module.ancestors(use):
        if isinstance(above, ast.If) and f"{text} is not None" in _checks(above.test):
            return [_whole_chain(cls, above)]
        for block in _blocks(above):
            asserts = (
                i for i, s in enumerate(block) if isinstance(s, ast.Assert) and f"{text} is not None" in _checks(s.test)
            )
            start = next(asserts, None)
            if start is not None and any(use is n for s in block[start:] for n in ast.walk(s)):
                return block[start:]
    return []


def _whole_chain(cls: ClassFacts, branch: ast.If) -> ast.If:
    """The `if` that a chain of `elif` begins with: a copy cannot stand between them."""
    above = cls.module.parent(branch)
    while isinstance(above, ast.If) and above.orelse == [branch] and above.col_offset == branch.col_offset:
        branch, above = above, cls.module.parent(above)
    return branch


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for part in ("body", "orelse"):
        block = getattr(node, part, None)
        if isinstance(block, list):
            yield block


def _checks(test: ast.expr) -> list[str]:
    parts = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
    return [ast.unparse(part) for part in parts]


def _may_change(cls: ClassFacts, name: str, statements: list[ast.stmt]) -> bool:
    """Whether a method called in these statements might assign the attribute."""
    facts = cls.attributes.get(name)
    writers = {assignment.method.name for assignment in facts.later} if facts is not None else set()
    calls = (n.func for s in statements for n in ast.walk(s) if isinstance(n, ast.Call))
    methods = {f.attr for f in calls if isinstance(f, ast.Attribute) and f.attr in cls.methods}
    return bool(writers) and bool(methods)
