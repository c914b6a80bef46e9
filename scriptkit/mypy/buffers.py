"""Buffers: `self.register_buffer("mean", ...)` gives `self.mean` the type `Tensor`.

To mypy it is what `Module.__getattr__` returns, `Tensor | Module`, which no operator takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import (
    MDEF,
    AssignmentStmt,
    Block,
    CallExpr,
    Expression,
    ExpressionStmt,
    ForStmt,
    FuncDef,
    IfStmt,
    MemberExpr,
    NameExpr,
    StrExpr,
    SymbolTableNode,
    Var,
    WithStmt,
)
from mypy.types import Instance, NoneType, UnionType

from scriptkit.mypy import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy.nodes import ClassDef, Statement
    from mypy.plugin import ClassDefContext


def add_buffers(ctx: ClassDefContext) -> None:
    """Declare the buffers that the methods of a module register, unless its author declares them."""
    info = ctx.cls.info
    if not info.has_base(names.MODULE):
        return
    tensor = ctx.api.named_type_or_none(names.TENSOR)
    declared = set(_declared(ctx.cls))
    for name, starts_as_none in _registered(ctx.cls):
        if tensor is not None and name not in declared and info.get(name) is None:
            _declare(ctx, name, tensor, optional=starts_as_none)


def _declare(ctx: ClassDefContext, name: str, tensor: Instance, *, optional: bool) -> None:
    variable = Var(name, UnionType([tensor, NoneType()]) if optional else tensor)
    variable.info = ctx.cls.info
    variable._fullname = f"{ctx.cls.fullname}.{name}"  # noqa: SLF001 - as mypy's own plugins do
    variable.is_initialized_in_class = False
    ctx.cls.info.names[name] = SymbolTableNode(MDEF, variable, plugin_generated=True)


def _registered(cls: ClassDef) -> Iterator[tuple[str, bool]]:
    """Name of each registered buffer, and whether it starts as None."""
    for statement in _statements_of_methods(cls):
        call = statement.expr if isinstance(statement, ExpressionStmt) else None
        if isinstance(call, CallExpr) and _is_on_self(call.callee, "register_buffer"):
            arguments = dict(zip(("name", "tensor"), call.args, strict=False))
            arguments.update({name: arg for name, arg in zip(call.arg_names, call.args, strict=True) if name})
            name, value = arguments.get("name"), arguments.get("tensor")
            if isinstance(name, StrExpr):
                yield name.value, isinstance(value, NameExpr) and value.name == "None"


def _declared(cls: ClassDef) -> Iterator[str]:
    """What the class body or a method assigns or annotates."""
    for statement in cls.defs.body:
        if isinstance(statement, AssignmentStmt):
            yield from (target.name for target in statement.lvalues if isinstance(target, NameExpr))
    for statement in _statements_of_methods(cls):
        if isinstance(statement, AssignmentStmt):
            yield from (
                target.name for target in statement.lvalues if _is_on_self(target) and isinstance(target, MemberExpr)
            )


def _is_on_self(expression: Expression, name: str = "") -> bool:
    return (
        isinstance(expression, MemberExpr)
        and isinstance(expression.expr, NameExpr)
        and expression.expr.name == "self"
        and name in ("", expression.name)
    )


def _statements_of_methods(cls: ClassDef) -> Iterator[Statement]:
    for statement in cls.defs.body:
        if isinstance(statement, FuncDef):
            yield from _inside(statement.body)


def _inside(block: Block) -> Iterator[Statement]:
    for statement in block.body:
        yield statement
        if isinstance(statement, IfStmt):
            for part in (*statement.body, *([statement.else_body] if statement.else_body else [])):
                yield from _inside(part)
        elif isinstance(statement, (ForStmt, WithStmt)):
            yield from _inside(statement.body)
