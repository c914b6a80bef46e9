"""The rule `decorated-method`."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from scriptkit.rules.reading import grad_mode, harmless, quoted
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class DecoratedMethod(Rule):
    """A decorator on a compiled function that the compiler does not know.

    It compiles the text of the function, and drops what the decorator does. Only decorators that mark a function do
    no harm.
    """

    code = "SK411"
    name = "decorated-method"
    note = "the compiler compiles the text of a function; what a decorator adds is dropped, or fails to compile"
    help = "call what the decorator does inside the function"
    VALID = (
        """
        class Model(nn.Module):
            def doubled(self, x: Tensor) -> Tensor:
                return x * 2

            def forward(self, x: Tensor) -> Tensor:
                return self.doubled(x + 1)
        """,
        """
        def listed(f: Any) -> Any:
            f.listed = True
            return f

        class Model(nn.Module):
            @listed
            def forward(self, x: Tensor) -> Tensor:
                return x + 1
        """,
    )
    INVALID = (
        Invalid(
            """
            import functools

            def doubled(f: Any) -> Any:
                @functools.wraps(f)
                def wrapper(*args: Any, **kwargs: Any) -> Any:
                    return f(*args, **kwargs) * 2
                return wrapper

            class Model(nn.Module):
                @doubled  # <-
                def forward(self, x: Tensor) -> Tensor:
                    return x + 1
            """,
            None,
            inputs="(torch.ones(2),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function in cls.compiled:
            for node, dotted in function.decorators:
                if dotted is None or harmless(dotted) or grad_mode(dotted) or dotted.startswith("builtins."):
                    continue
                if _is_off(node, dotted):
                    continue
                local = cls.module.functions.get(dotted)
                if local is not None and not _wraps(local.node):
                    continue
                finding = self.found(
                    cls,
                    node,
                    f"the decorator {quoted('@' + ast.unparse(node))} of `{function.name}` is dropped",
                    label="not part of the compiled code",
                    method=function.name,
                )
                runs_eagerly = cls.scriptable and dotted in AUTOCAST  # scriptkit honours it; a file cannot
                sure = (local is not None or dotted in AUTOCAST) and not runs_eagerly
                yield finding if sure else replace(finding, severity="warning")


AUTOCAST = ("torch.autocast", "torch.amp.autocast", "torch.cuda.amp.autocast", "torch.compile")


def _is_off(node: ast.expr, dotted: str) -> bool:
    """Whether a decorator switches autocast off: it is off where compiled code runs."""
    words = node.keywords if isinstance(node, ast.Call) and dotted in AUTOCAST else ()
    enabled = [word.value for word in words if word.arg == "enabled"]
    return any(isinstance(value, ast.Constant) and value.value is False for value in enabled)


def _wraps(node: ast.AST) -> bool:
    """Whether a decorator defined in this file makes a new function."""
    return any(
        isinstance(inner, (ast.FunctionDef, ast.Lambda, ast.ClassDef)) for inner in ast.walk(node) if inner is not node
    )
