"""The tables of the pass: every node of Python is known to them, or is one of those that are passed over."""

from __future__ import annotations

import ast

from scriptkit.language.inference.handlers import HANDLERS
from scriptkit.language.members.assigned import READERS
from tools.language_examples import EXPRESSIONS, STATEMENTS

# the compiler refuses them, or they do nothing; the rules judge their syntax
PASSED_OVER = {
    "AsyncFor", "AsyncWith", "Await", "FormattedValue", "Global", "Lambda", "Nonlocal", "Pass", "Set", "SetComp",
    "Slice", "TryStar", "TypeAlias", "Yield", "YieldFrom",
}  # fmt: skip


def test_every_node_of_python_is_read_or_run_or_passed_over() -> None:
    known = {kind.__name__ for table in HANDLERS for kind in table}
    assert not known & PASSED_OVER
    assert {*EXPRESSIONS, *STATEMENTS} - known <= PASSED_OVER


def test_the_tables_hold_nodes_of_their_own_kind() -> None:
    assert all(issubclass(kind, ast.expr) for kind in (*HANDLERS.expressions, *READERS))
    assert all(issubclass(kind, ast.stmt) for kind in HANDLERS.statements)
