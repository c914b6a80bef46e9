"""The rule `int-for-float`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.parsing import syntax_tree
from scriptkit.rules.examples import forward, model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class IntForFloat(Rule):
    """A whole number where a `float` is declared.

    Python keeps the `int`: integer tensors stay integer tensors beside it, and a division may be another one. Compiled
    code has a `float` there.
    """

    code = "SK713"
    name = "int-for-float"
    severity = "warning"
    label = "a `float` in compiled code"
    note = "Python keeps the `int`, compiled code has a `float`: other dtypes of results, other texts"
    help = "write it as a `float`"
    VALID = (
        model("self.scale = 2.0", "return x * self.scale", declared="scale: float"),
        forward("return x * scale", "x: Tensor, scale: float = 2.0"),
        model("self.sizes = [1, 2]", "return x * self.sizes[0]", declared="sizes: List[int]"),
    )
    INVALID = (
        Invalid(
            model("self.scale = 2  # <-", "return x * self.scale", declared="scale: float"),
            None,
            inputs="(torch.arange(3),)",
        ),
        Invalid(
            model("self.scales = [2, 3]  # <-", "return x * self.scales[0]", declared="scales: List[float]"),
            None,
            inputs="(torch.arange(3),)",
        ),
        Invalid(
            model("self.scales = {'a': 2}  # <-", "return x * self.scales['a']", declared="scales: Dict[str, float]"),
            None,
            inputs="(torch.arange(3),)",
        ),
        Invalid(
            forward("return x * scale", "x: Tensor, scale: float = 2").replace("Tensor:\n", "Tensor:  # <-\n"),
            None,
            inputs="(torch.arange(3),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for name, attribute in cls.attributes.items():
            declared = attribute.annotation
            for assignment in attribute.init if declared is not None else ():
                number = _whole_number(assignment.value, declared)
                if number is not None:
                    yield self._finding(cls, number, f"self.{name}", "__init__")
        for function in cls.compiled:
            arguments = function.node.args
            named = [*arguments.posonlyargs, *arguments.args]
            defaults = zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True)
            for parameter, default in (*defaults, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)):
                number = _whole_number(default, parameter.annotation)
                if number is not None:
                    yield self._finding(cls, number, parameter.arg, function.name)

    def _finding(self, cls: ClassFacts, number: ast.expr, name: str, method: str) -> Diagnostic:
        text = ast.unparse(number)
        message = f"`{name}` is declared with a `float` and gets the `int` {quoted(text)}"
        return self.found(cls, number, message, suggestion=f"{text}.0", method=method)


def _whole_number(value: ast.expr | None, declared: ast.expr | None) -> ast.expr | None:
    """The first whole number of a display that lies where a declaration says `float`."""
    match declared:
        case ast.Constant(value=str() as text):
            try:
                return _whole_number(value, syntax_tree(text, mode="eval").body)
            except SyntaxError:
                return None
        case ast.Name(id="float"):
            return value if _is_whole(value) else None
        case ast.Subscript(slice=inner):
            return _in_container(value, inner)
        case _:
            return None


def _in_container(value: ast.expr | None, inner: ast.expr) -> ast.expr | None:
    match value, inner:
        case ast.List(elts=items), _:
            found = (_whole_number(item, inner) for item in items)
        case ast.Dict(values=items), ast.Tuple(elts=[_, of_values]):
            found = (_whole_number(item, of_values) for item in items)
        case ast.Tuple(elts=items), ast.Tuple(elts=parts) if len(items) == len(parts):
            found = (_whole_number(item, part) for item, part in zip(items, parts, strict=True))
        case ast.Constant() | ast.UnaryOp(), _:  # Optional[float], Final[float]
            return _whole_number(value, inner)
        case _:
            return None
    return next((one for one in found if one is not None), None)


def _is_whole(value: ast.expr | None) -> bool:
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        value = value.operand
    return isinstance(value, ast.Constant) and type(value.value) is int
