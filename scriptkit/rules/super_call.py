"""The rule `super-call`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class SuperCall(Rule):
    """`super()` in a compiled method.

    The compiler has no `super()`. A `ScriptableModule` may call the compiled methods of its parents.
    """

    code = "SK409"
    name = "super-call"
    typed = True
    raw = (
        r"'Tensor' object has no attribute or method '\w+'.*super\(",
        "Python type cannot be used as a value",
    )
    lifted = True
    label = "the compiler knows no `super`"
    note = "a compiled module has one set of methods; the methods they override are gone"
    VALID = (
        """
        class Base(nn.Module):
            def scaled(self, x: Tensor) -> Tensor:
                return x * 2

        class Model(Base):
            def forward(self, x: Tensor) -> Tensor:
                return torch.relu(self.scaled(x))
        """,
    )
    INVALID = (
        Invalid(
            """
            class Base(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return x * 2

            class Model(Base):
                def forward(self, x: Tensor) -> Tensor:
                    return torch.relu(super().forward(x))  # <-
            """,
            "'Tensor' object has no attribute or method 'forward'",
        ),
        Invalid(
            """
            class Base(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return x * 2

            class Model(Base):
                def forward(self, x: Tensor) -> Tensor:
                    return torch.relu(super(Model, self).forward(x))  # <-
            """,
            "Python type cannot be used as a value",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            if (
                isinstance(node.func, ast.Name)
                and cls.module.dotted(node.func) == "builtins.super"
                and cls.is_live(node)
            ):
                above = cls.module.parent(node)
                method = above.attr if isinstance(above, ast.Attribute) else "forward"
                yield self.found(
                    cls,
                    above if isinstance(above, ast.Attribute) else node,
                    f"`super().{method}` cannot be compiled",
                    help="give the parent's code a name of its own, and call that",
                    suggestion=f"self.<name of the parent's {method}>(<arguments>)",
                    method=function.name,
                )
