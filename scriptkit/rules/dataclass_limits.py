"""The rule `dataclass-limits`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class DataclassLimits(Rule):
    """A dataclass with a default factory, used in compiled code."""

    code = "SK435"
    name = "dataclass-limits"
    typed = True
    once = True
    supersedes = ("dataclass",)
    label = "has a default factory"
    note = "scripted dataclasses have plain fields with plain defaults"
    help = "leave the factory out, and pass the value"
    VALID = (
        """
        from dataclasses import dataclass

        @torch.jit.script
        @dataclass
        class Out:
            y: Tensor

        class Model(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return Out(x).y
        """,
    )
    INVALID = (
        Invalid(
            """
            from dataclasses import dataclass, field

            @torch.jit.script
            @dataclass
            class Out:
                sizes: List[int] = field(default_factory=list)

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    out = Out([1, 2])  # <-
                    return x * len(out.sizes)
            """,
            "Default factory initializers are not supported in TorchScript dataclasses",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            made = cls.module.classes.get(cls.module.dotted(node.func) or "")
            factory = _factory(made) if made is not None else None
            if made is not None and factory is not None and cls.is_live(node):
                yield self.found(
                    cls,
                    node,
                    f"the dataclass `{made.name}` has a field with a default factory",
                    also=((factory, "the default factory"),),
                    method=function.name,
                )


def _factory(cls: ClassFacts) -> ast.expr | None:
    values = (value for value in cls.class_values.values() if isinstance(value, ast.Call))
    fields = (value for value in values if cls.module.dotted(value.func) == "dataclasses.field")
    return next((f for f in fields if any(keyword.arg == "default_factory" for keyword in f.keywords)), None)
