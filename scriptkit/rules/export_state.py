"""The rule `export-state`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import is_self_attribute
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import Assignment, AttributeFacts, ClassFacts


class ExportState(Rule):
    """An attribute that is no buffer, read and written by the calls of a module.

    TorchScript keeps it. A program of torch.export has no state but buffers: plain `torch.export` records the value of
    the first call for good, and `scriptkit.export_program` refuses the module.
    """

    code = "SK651"
    name = "export-state"
    typed = True
    engine = "export"
    once = True
    label = "lost when the call ends"
    note = "a program of torch.export keeps buffers from call to call, and nothing else"
    help = "register a buffer (`self.register_buffer`), and write it in place"
    VALID = (
        model(
            'self.count: Tensor\nself.register_buffer("count", torch.zeros(()))',
            "self.count += 1\nreturn x * self.count",
        ),
        model("self.scale = 2.0", "return x * self.scale"),
    )
    INVALID = (
        Invalid(
            model("self.count = 0", "self.count += 1  # <-\nreturn x * self.count"),
            "'self.count' changes from call to call and is no buffer",
            inputs="(torch.ones(2),)",
        ),
        Invalid(
            model("self.last = torch.zeros(2)", "y = x + self.last\nself.last = x  # <-\nreturn y"),
            "`Model.last` is read and then written in the call",
            inputs="(torch.ones(2),)",
        ),
        Invalid(
            model(
                "self.seen = []",
                "self.seen.append(1)  # <-\nreturn x * len(self.seen)",
                declared="seen: List[int]",
            ),
            "'self.seen' changes from call to call and is no buffer",
            inputs="(torch.ones(2),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for name, facts in cls.attributes.items():
            if facts.registered or not _is_read(cls, name):
                continue
            for place, method in (*_assignments(cls, facts), *_growths(cls, name)):
                message = f"`self.{name}` changes from call to call and is no buffer"
                yield self.found(cls, place, message, method=method)


def _assignments(cls: ClassFacts, facts: AttributeFacts) -> Iterator[tuple[ast.AST, str]]:
    methods = set(cls.compiled)
    for assignment in facts.later:
        if assignment.method in methods and cls.is_live(assignment.statement) and not _is_flag(assignment):
            yield assignment.node, assignment.method.name


def _is_flag(assignment: Assignment) -> bool:
    """Whether it is the flag that `train()` and `eval()` write."""
    return isinstance(assignment.node, ast.Attribute) and assignment.node.attr == "training"


_GROWS = {"append", "extend", "insert", "pop", "clear", "remove", "update", "setdefault", "popitem"}


def _growths(cls: ClassFacts, name: str) -> Iterator[tuple[ast.AST, str]]:
    """Where a method of a list or dictionary in the attribute is called that changes it."""
    for function in cls.compiled:
        for node in function.by_kind.get(ast.Call, ()):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=held) as owner, attr=called)) if (
                    held == name and called in _GROWS and is_self_attribute(owner) and _is_container(cls, owner)
                ):
                    yield node, function.name


def _is_container(cls: ClassFacts, owner: ast.expr) -> bool:
    return str(cls.type_of(owner)).startswith(("List", "Dict"))


def _is_read(cls: ClassFacts, name: str) -> bool:
    """Whether compiled code reads the attribute; adding to it reads it."""
    for function in cls.compiled:
        for node in function.by_kind.get(ast.Attribute, ()):
            if isinstance(node, ast.Attribute) and node.attr == name and is_self_attribute(node):
                parent = cls.module.parent(node)
                if isinstance(node.ctx, ast.Load) or isinstance(parent, ast.AugAssign):
                    return True
    return False
