"""`with`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.assignments import assign
from scriptkit.language.inference.instances import enter_context
from scriptkit.language.problems.calls import WithStatement
from scriptkit.language.types import UNKNOWN

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body

CONTEXTS = frozenset(
    {
        "torch.no_grad",
        "torch.autograd.no_grad",
        "torch.autograd.grad_mode.no_grad",
        "torch.autograd.profiler.record_function",
        "torch.profiler.record_function",
        "torch.autograd.profiler.profile",
        "torch.amp.autocast",
        "torch.autocast",
        "torch.cuda.amp.autocast",
        "torch.cuda.amp.autocast_mode.autocast",
        "torch.cpu.amp.autocast",
        "torch.amp.autocast_mode.autocast",
        "torch.jit.strict_fusion",
        "torch.jit._fuser.fuser",
    },
)


BAD_CONTEXTS = frozenset(
    {
        "torch.set_grad_enabled",
        "torch.enable_grad",
        "torch.autograd.enable_grad",
        "torch.inference_mode",
        "torch.autograd.inference_mode",
        "contextlib.nullcontext",
        "contextlib.suppress",
        "contextlib.ExitStack",
    }
)


def run_with(body: Body, node: ast.With) -> bool:
    """`with`: what it binds, then its body."""
    for item in node.items:
        _context(body, item)
    return body.block(node.body)


def _context(body: Body, item: ast.withitem) -> None:
    expression = item.context_expr
    function = expression.func if isinstance(expression, ast.Call) else expression
    dotted = body.module.dotted(function)
    entered: AnyValue = UNKNOWN
    if dotted in CONTEXTS:
        if isinstance(expression, ast.Call):
            for argument in (*expression.args, *(k.value for k in expression.keywords)):
                body.value(argument)
    elif (
        dotted in BAD_CONTEXTS
        or (dotted or "").partition(".")[0] in ("contextlib", "warnings", "threading", "time")
        or dotted in body.module.functions
    ):
        body.report(WithStatement(text=ast.unparse(expression), name=dotted or ""), expression)
    else:
        entered = enter_context(body, body.value(expression), expression)
    if item.optional_vars is not None:
        assign(body, item.optional_vars, entered, None)
