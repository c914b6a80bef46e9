"""The rule `module-list-literal-index`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import container_of, nodes, shown
from scriptkit.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ModuleListLiteralIndex(Rule):
    """Any index into a container of modules, even a literal. Off by default: select it to allow iteration only."""

    code = "SK302"
    name = "module-list-literal-index"
    optional = True
    label = "indexes a container of modules"
    note = "torch accepts this; the rule is for projects that iterate over module containers only"
    VALID = (
        model(
            "self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])",
            "for block in self.blocks:\n    x = block(x)\nreturn x",
        ),
    )
    INVALID = ()

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Subscript):
            container = container_of(cls, node.value)
            if container and isinstance(node.slice, (ast.Constant, ast.UnaryOp)):
                yield self.found(
                    cls,
                    node,
                    f"{shown(node)} indexes a `{container}`",
                    help="iterate over it, or give that module an attribute of its own",
                    suggestion=f"for module in {ast.unparse(node.value)}:",
                    method=function.name,
                )
