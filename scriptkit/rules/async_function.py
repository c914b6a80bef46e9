"""The rule `async-function`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import is_self_attribute, nodes, shown, word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class AsyncFunction(Rule):
    """Asynchronous code that the compiler reaches: `async def`, `await`, `async for`, `async with`."""

    code = "SK505"
    name = "async-function"
    supersedes = ("missing-return-path", "maybe-undefined-variable", "undefined-name", "not-iterable")
    reach = "method"
    label = "asynchronous code"
    note = "compiled code runs to its end when it is called; only `torch.jit.fork` and `wait` run beside it"
    help = "write a plain function, or start it with `torch.jit.fork` and collect it with `torch.jit.wait`"
    VALID = (
        """
        class Model(nn.Module):
            def half(self, x: Tensor) -> Tensor:
                return x / 2

            def forward(self, x: Tensor) -> Tensor:
                return torch.jit.wait(torch.jit.fork(self.half, x))
        """,
    )
    INVALID = (
        Invalid(
            """
            class Model(nn.Module):
                async def half(self, x: Tensor) -> Tensor:
                    return x / 2

                def forward(self, x: Tensor) -> Tensor:
                    later = self.half(x)  # <-
                    return x
            """,
            "Expected a single top-level function",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for called in cls.compiled:
            if isinstance(called.node, ast.AsyncFunctionDef):
                where = next(((f, call) for f, call in nodes(cls, ast.Call) if _calls(call, called.name)), None)
                yield self.found(
                    cls,
                    where[1] if where else word(cls, called.node, "async def"),
                    f"`{called.name}` is an `async` function, which cannot be compiled",
                    also=((word(cls, called.node, "async def"), "asynchronous here"),) if where else (),
                    method=where[0].name if where else called.name,
                )
        for function, node in nodes(cls, ast.AsyncFor, ast.AsyncWith, ast.Await):
            yield self.found(cls, node, f"{shown(node)} cannot be compiled", method=function.name)


def _calls(call: ast.Call, name: str) -> bool:
    return (isinstance(call.func, ast.Attribute) and is_self_attribute(call.func) and call.func.attr == name) or (
        isinstance(call.func, ast.Name) and call.func.id == name
    )
