"""The rule `list-changed-while-walked`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.walked_lists import walk_of
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, quoted
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ListChangedWhileWalked(Rule):
    """A loop over a list that appends to the list: a worklist.

    Python asks for the length before each round. Compiled code asks once, before the loop, and stops there in silence.
    """

    code = "SK712"
    name = "list-changed-while-walked"
    typed = True
    lifted = True
    label = "the loop stops at the first length"
    note = "a compiled loop over a list takes the length before its first round"
    help = "walk it with an index: `while i < len(...)`"
    VALID = (
        forward(
            "todo = [3]\ni = 0\nwhile i < len(todo):\n    n = todo[i]\n    i += 1\n    x = x + n\n"
            "    if n > 0:\n        todo.append(n - 1)\nreturn x"
        ),
        forward("todo = [3]\nseen: List[int] = []\nfor n in todo:\n    seen.append(n)\nreturn x + len(seen)"),
    )
    INVALID = (
        Invalid(
            forward(
                "todo = [3]\nfor n in todo:  # <-\n    x = x + n\n    if n > 0:\n        todo.append(n - 1)\nreturn x"
            ),
            None,
            inputs="(torch.zeros(2),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.For):
            walk = walk_of(node)
            if walk is not None and cls.is_live(node):
                message = f"{quoted(ast.unparse(walk.items))} changes while the loop walks it"
                yield self.found(cls, node.iter, message, method=function.name)
