"""Private names (`self.__scale`) as Python spells them inside a class body: with the name of the class before them."""

from __future__ import annotations

import ast
import re

_PRIVATE = re.compile(r"\b__\w*[^\W_]_?\b")


def spell_out(tree: ast.Module, text: str) -> None:
    """Write the private names of every class in a tree as they are found at run time."""
    if _PRIVATE.search(text):
        _Spelling("").visit(tree)


class _Spelling(ast.NodeVisitor):
    """One class body, and the functions in it; a class within begins anew."""

    def __init__(self, cls: str) -> None:
        self.cls = cls.lstrip("_")

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for outside in (*node.bases, *node.keywords, *node.decorator_list):
            self.visit(outside)
        inner = _Spelling(node.name)
        node.name = self._spelled(node.name)
        for statement in node.body:
            inner.visit(statement)

    def visit_keyword(self, node: ast.keyword) -> None:
        self.visit(node.value)  # Python leaves the keyword of a call as it is written

    def visit_alias(self, node: ast.alias) -> None:
        node.asname = node.asname and self._spelled(node.asname)

    def generic_visit(self, node: ast.AST) -> None:
        for field in ("id", "attr", "arg", "name"):
            name = getattr(node, field, None)
            if self.cls and isinstance(name, str):
                setattr(node, field, self._spelled(name))
        super().generic_visit(node)

    def _spelled(self, name: str) -> str:
        is_private = name.startswith("__") and not name.endswith("__") and "." not in name
        return f"_{self.cls}{name}" if self.cls and is_private else name
