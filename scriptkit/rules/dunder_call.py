"""The rule `dunder-call`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import is_self_attribute, nodes, submodules, word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts

_CONTAINERS = {"torch.nn.ModuleList", "torch.nn.Sequential", "torch.nn.ModuleDict"}


class DunderCall(Rule):
    """`len(...)` of a submodule: its `__len__` is not compiled."""

    code = "SK439"
    name = "dunder-call"
    typed = True
    raw = (r"object has no attribute or method '__len__'",)
    label = "not called by compiled code"
    note = "compiled code calls `forward` and named methods of a module, and none of its special methods"
    help = "give the method a name of its own, and call that"
    VALID = (
        """
        class Bank(nn.Module):
            def size(self) -> int:
                return 3

            def forward(self, x: Tensor) -> Tensor:
                return x

        class Model(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.bank = Bank()

            def forward(self, x: Tensor) -> Tensor:
                return x * self.bank.size()
        """,
    )
    INVALID = (
        Invalid(
            """
            class Bank(nn.Module):
                def __len__(self) -> int:
                    return 3

                def forward(self, x: Tensor) -> Tensor:
                    return x

            class Model(nn.Module):
                def __init__(self) -> None:
                    super().__init__()
                    self.bank = Bank()

                def forward(self, x: Tensor) -> Tensor:
                    return x * len(self.bank)  # <-
            """,
            "object has no attribute or method '__len__'",
        ),
        Invalid(
            """
            class Model(nn.ModuleList):
                def __init__(self) -> None:
                    super().__init__([nn.ReLU(), nn.Tanh()])

                def forward(self, x: Tensor) -> Tensor:
                    return x / len(self)  # <-
            """,
            "object has no attribute or method '__len__'",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        if _CONTAINERS & {base for one in cls.mro for base in one.foreign_bases}:
            yield from self._of_itself(cls)
        made = {name: cls.module.classes.get(cls.module.dotted(value.func) or "") for name, value in submodules(cls)}
        for function, node in nodes(cls, ast.Call):
            match node:
                case ast.Call(func=ast.Name(id="len"), args=[ast.Attribute(attr=name) as attribute]):
                    owner = made.get(name) if is_self_attribute(attribute) else None
                    if owner is not None and "__len__" in owner.own_methods and cls.is_live(node):
                        yield self.found(
                            cls,
                            node,
                            f"`len` of `self.{name}`, which is a `{owner.name}`",
                            also=((word(cls, owner.own_methods["__len__"].node, "def __len__"), "never compiled"),),
                            method=function.name,
                        )

    def _of_itself(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        """`len(self)` in a subclass of a container: only `len` of one that is held in an attribute is known."""
        for function, node in nodes(cls, ast.Call):
            match node:
                case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id="self")]) if cls.is_live(node):
                    yield self.found(
                        cls,
                        node,
                        f"`len(self)` in `{cls.name}`, which is a container of modules",
                        help="count in `__init__`, where Python runs, and keep the number",
                        suggestion="self.count = len(self)",
                        method=function.name,
                    )
