"""The rule `python-call`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import is_self_attribute, nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, FunctionFacts


CUSTOM_BACKWARD = """
            class Doubled(torch.autograd.Function):
                @staticmethod
                def forward(ctx: Any, x: Tensor) -> Tensor:
                    return x * 2

                @staticmethod
                def backward(ctx: Any, grad: Tensor) -> Tensor:
                    return grad * 2

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return Doubled.apply(x)  # <-
            """


class PythonCall(Rule):
    """A call that stays in Python: a method marked `ignore`, an `autograd.Function`, a cached function.

    It runs in this process. The model cannot be saved. From torch 2.14 on an `autograd.Function` is refused altogether
    (`custom-backward`).
    """

    code = "SK802"
    name = "python-call"
    raw = ("Could not export Python function call",)
    severity = "warning"
    label = "runs in Python, cannot be saved"
    note = "the compiler keeps a call into Python for it, and a file contains no Python"
    VALID = (
        """
        class Model(nn.Module):
            def halve(self, x: Tensor) -> Tensor:
                return x / 2

            def forward(self, x: Tensor) -> Tensor:
                return self.halve(x)
        """,
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                @torch.jit.ignore
                def halve(self, x: Tensor) -> Tensor:
                    return x / 2

                def forward(self, x: Tensor) -> Tensor:
                    return self.halve(x)  # <-
            """,
            "Could not export Python function call",
            saved=True,
        ),
        Invalid(CUSTOM_BACKWARD, "Could not export Python function call", saved=True, until="2.14"),
        Invalid(
            """
            import functools

            @functools.lru_cache
            def size() -> int:
                return 3

            class Model(nn.Module):
                def forward(self, x: Tensor) -> Tensor:
                    return x * int(size())  # <-
            """,
            "Could not export Python function call",
            saved=True,
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            why, help = _stays_in_python(cls, node.func)
            if why and cls.is_live(node):
                yield self.found(
                    cls,
                    node,
                    f"{shown(node.func)} is {why}, so the model cannot be saved",
                    help=help,
                    method=function.name,
                )


def _stays_in_python(cls: ClassFacts, called: ast.expr) -> tuple[str, str]:
    module = cls.module
    if isinstance(called, ast.Attribute):
        if is_self_attribute(called):
            method = cls.methods.get(called.attr)
            return _marked(method)
        if is_autograd_function(cls, called):
            return (
                "an autograd function",
                "write it with operators of torch; guarded by `torch.jit.is_scripting()`, training runs as Python",
            )
        return "", ""
    return _marked(module.functions.get(called.id)) if isinstance(called, ast.Name) else ("", "")


def is_autograd_function(cls: ClassFacts, called: ast.expr) -> bool:
    """Whether a call is `Function.apply(...)` of an `autograd.Function` of this file."""
    if not isinstance(called, ast.Attribute) or called.attr != "apply":
        return False
    owner = cls.module.classes.get(cls.module.dotted(called.value) or "")
    return owner is not None and "torch.autograd.Function" in owner.bases


def _marked(function: FunctionFacts | None) -> tuple[str, str]:
    if function is None:
        return "", ""
    if "ignore" in function.marks:
        return "marked `ignore`", "guard the call with `torch.jit.is_scripting()`, or make it compilable"
    if any(dotted in ("functools.lru_cache", "functools.cache") for _, dotted in function.decorators):
        return "a cached function", "compute it in `__init__` and keep it in an attribute"
    return "", ""
