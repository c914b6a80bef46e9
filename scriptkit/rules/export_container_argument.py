"""The rule `export-container-argument`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, FunctionFacts


class ExportContainerArgument(Rule):
    """A list or dictionary of the caller that a method changes.

    A program of torch.export takes containers apart when it is called: what the method does to the container itself,
    the caller never sees. In-place changes of the tensors in it do arrive.
    """

    code = "SK653"
    name = "export-container-argument"
    typed = True
    engine = "export"
    label = "the caller's container stays as it was"
    note = "a program of torch.export is handed the tensors in a container, not the container"
    help = "return what is new, and let the caller put it into the container"
    VALID = (
        forward("xs = xs + [x]\nreturn torch.stack(xs)", "x: Tensor, xs: List[Tensor]"),
        forward("xs[0].add_(1)\nreturn x + xs[0]", "x: Tensor, xs: List[Tensor]"),
    )
    INVALID = (
        Invalid(
            forward("xs.append(x)  # <-\nreturn torch.stack(xs)", "x: Tensor, xs: List[Tensor]"),
            None,
            inputs="(torch.ones(2), [torch.zeros(2)])",
        ),
        Invalid(
            forward("xs[0] = x  # <-\nreturn torch.stack(xs)", "x: Tensor, xs: List[Tensor]"),
            None,
            inputs="(torch.ones(2), [torch.zeros(2)])",
        ),
        Invalid(
            forward('seen["x"] = x  # <-\nreturn x + 1', "x: Tensor, seen: Dict[str, Tensor]"),
            None,
            inputs='(torch.ones(2), {"y": torch.zeros(2)})',
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGES:
                yield from self._at(cls, function, node, node.func.value)
        for function, place in nodes(cls, ast.Subscript):
            if isinstance(place.ctx, ast.Store):
                yield from self._at(cls, function, place, place.value)

    def _at(self, cls: ClassFacts, function: FunctionFacts, node: ast.AST, held: ast.expr) -> Iterator[Diagnostic]:
        if not (isinstance(held, ast.Name) and function.owner is not None and cls.is_live(node)):
            return
        is_container = str(cls.type_of(held)).startswith(("List", "Dict"))
        if is_container and held.id in _untouched_parameters(function):
            message = f"`{held.id}` belongs to the caller, who does not see the change"
            yield self.found(cls, node, message, method=function.name)


_CHANGES = {"append", "extend", "insert", "pop", "clear", "remove", "reverse", "sort", "update", "setdefault"}


def _untouched_parameters(function: FunctionFacts) -> set[str]:
    """The parameters whose names the method gives to nothing else."""
    names = (node for node in function.descendants if isinstance(node, ast.Name))
    assigned = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return {parameter.name for parameter in function.parameters} - assigned
