"""The rule `str-of-value`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, FunctionFacts


class StrOfValue(Rule):
    """A float, tensor, enum, size or dtype turned into text: compiled code writes it another way."""

    code = "SK705"
    name = "str-of-value"
    typed = True
    label = "written another way by compiled code"
    note = "compiled code writes `0.1` as `0.10000000000000001`, an enum, a tensor, a size and a dtype in its own way"
    help = "put ints and strings into texts, or format floats with `%`"
    VALID = (
        forward('return f"size {x.size(0)}"', returns="str"),
        forward('return "%.2f" % x.mean().item()', returns="str"),
    )
    INVALID = (
        Invalid(forward('return f"{scale}"  # <-', "scale: float", "str"), None, inputs="(0.1,)"),
        Invalid(forward("return str(x)  # <-", returns="str"), None, inputs="(torch.ones(2),)"),
        Invalid(forward('return f"{x.shape}"  # <-', returns="str"), None, inputs="(torch.ones(2),)"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.JoinedStr):
            values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            yield from self._judge(cls, function, node, values)
        for function, call in nodes(cls, ast.Call):
            dotted = cls.module.dotted(call.func)
            is_format = (
                isinstance(call.func, ast.Attribute)
                and call.func.attr == "format"
                and isinstance(call.func.value, ast.Constant)
            )
            if is_format or dotted == "builtins.str":
                yield from self._judge(cls, function, call, call.args)

    def _judge(
        self, cls: ClassFacts, function: FunctionFacts, text: ast.expr, values: list[ast.expr]
    ) -> Iterator[Diagnostic]:
        value = next((v for v in values if _differs(cls, v)), None)
        if value is not None and cls.is_live(text) and _matters(cls, text, function.node):
            yield self.found(cls, value, f"{shown(value)} is turned into text", method=function.name)


def _differs(cls: ClassFacts, value: ast.expr) -> bool:
    if isinstance(value, ast.Attribute) and value.attr in ("shape", "dtype"):
        return str(cls.type_of(value.value)) == "Tensor"
    kind = str(cls.type_of(value))
    enum = cls.module.classes.get(kind)
    return kind in ("float", "Tensor", "complex") or (enum is not None and enum.kind == "enum")


def _matters(cls: ClassFacts, text: ast.expr, function: ast.AST) -> bool:
    """Whether the model does anything with the text but tell it: returns, compares, looks up, or keeps it."""
    match cls.module.parent(text):
        case ast.Assign(targets=[ast.Name(id=name)]):
            uses = (n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == name)
            return any(isinstance(use.ctx, ast.Load) and _decides(cls, use) for use in uses)
    return _decides(cls, text)


def _decides(cls: ClassFacts, node: ast.expr) -> bool:
    for above in cls.module.ancestors(node):
        if isinstance(above, (ast.Return, ast.Compare, ast.Subscript, ast.Dict, ast.Attribute)):
            return True
        if isinstance(above, ast.Assign):
            return any(isinstance(target, (ast.Attribute, ast.Subscript)) for target in above.targets)
        if isinstance(above, (ast.stmt, ast.Call)):
            return False
    return False
