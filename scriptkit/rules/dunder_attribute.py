"""The rule `dunder-attribute`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class DunderAttribute(Rule):
    """An attribute of Python's own machinery: `self.__class__`, `x.__dict__`."""

    code = "SK532"
    name = "dunder-attribute"
    label = "an attribute of the Python object"
    note = "a compiled object has the attributes of its class and nothing of Python's machinery"
    help = "write the value as a literal, or keep it in an attribute"
    VALID = (forward('return "Model"', returns="str"),)
    INVALID = (
        Invalid(
            forward("return self.__class__.__name__  # <-", returns="str"),
            "type object 'type' has no attribute '__globals__'",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Attribute):
            is_whole = not isinstance(cls.module.parent(node), ast.Attribute)
            if node.attr in MACHINERY and is_whole and cls.is_live(node):
                yield self.found(cls, node, f"{shown(node)} cannot be compiled", method=function.name)


MACHINERY = ("__class__", "__dict__", "__module__", "__name__", "__doc__")
