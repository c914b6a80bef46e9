"""Exported methods without annotations: the compiler takes what has none for a Tensor, and callers cannot know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import Decorator, NameExpr, RefExpr

from scriptkit.mypy import names
from scriptkit.mypy.misfits import Misfit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy.nodes import Argument, TypeInfo


def untyped_exports(info: TypeInfo) -> Iterator[Misfit]:
    """The parameters without annotation of the methods that a scriptable module exports."""
    if not info.has_base(names.SCRIPTABLE_MODULE):
        return
    for symbol in info.names.values():
        method = symbol.node
        if isinstance(method, Decorator) and any(_is_export(decorator) for decorator in method.original_decorators):
            for argument in method.func.arguments[1:]:
                if argument.type_annotation is None and not _has_telling_default(argument):
                    name = argument.variable.name
                    message = f"`{name}` of the exported method `{method.name}` has no annotation; say what it takes"
                    yield Misfit(argument.line, argument.column, message, "untyped-export")


def _is_export(decorator: object) -> bool:
    return isinstance(decorator, RefExpr) and decorator.fullname in names.EXPORTS


def _has_telling_default(argument: Argument) -> bool:
    """Whether the default shows the type: a rule speaks of that, at every door."""
    default = argument.initializer
    return default is not None and not (isinstance(default, NameExpr) and default.name == "None")
