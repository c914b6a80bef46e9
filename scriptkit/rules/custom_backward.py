"""The rule `custom-backward`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.python_call import CUSTOM_BACKWARD, is_autograd_function
from scriptkit.rules.reading import nodes, shown
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class CustomBackward(Rule):
    """A call of an `autograd.Function`, which has a backward of its own.

    Up to torch 2.13 the compiler keeps it as a call into Python (`python-call`); torch 2.14 made `apply` a built-in
    method, of which it knows nothing.
    """

    code = "SK440"
    name = "custom-backward"
    typed = True
    since = "2.14"
    supersedes = ("python-call",)
    label = "has a backward of its own"
    note = "the compiler derives the backward of what it compiles, and takes none that is given"
    help = "write it with operators of torch; guarded by `torch.jit.is_scripting()`, training runs as Python"
    VALID = (
        """
        class Model(nn.Module):
            def forward(self, x: Tensor) -> Tensor:
                return x * 2
        """,
    )
    INVALID = (
        Invalid(CUSTOM_BACKWARD, "Expression of type dots cannot be used in a type expression", since="2.15"),
        Invalid(CUSTOM_BACKWARD, "<built-in method apply of FunctionMeta object", until="2.15"),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            if is_autograd_function(cls, node.func) and cls.is_live(node):
                message = f"{shown(node.func)} is an autograd function, which the compiler cannot call"
                yield self.found(cls, node, message, method=function.name)
