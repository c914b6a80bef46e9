"""Containers in attributes, known wherever the file that builds them reads them.

mypy keeps the type of an attribute as it is declared (`layers: nn.ModuleList`) or first assigned; it does not see what
is appended. Other files, which mypy may check when it does not check this one, see torch's own type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mypy.checker import TypeChecker
from mypy.nodes import CallExpr, FuncDef, MemberExpr, NameExpr
from mypy.typeops import make_simplified_union
from mypy.types import Instance, get_proper_type

from scriptkit.mypy import containers, names, stability

if TYPE_CHECKING:
    from mypy.nodes import TypeInfo
    from mypy.plugin import AttributeContext, CheckerPluginInterface, FunctionContext, MethodContext
    from mypy.types import Type

INIT = "__init__"


class _Known(NamedTuple):
    path: str
    type: Instance
    grows: bool


class Attributes:
    """What the attributes of the files checked so far hold, by their full names."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def __contains__(self, fullname: str) -> bool:
        return fullname in self._known

    def built(self, ctx: FunctionContext) -> Type:
        """A container is being built, perhaps for an attribute."""
        made = get_proper_type(ctx.default_return_type)
        targets = stability.targets(ctx.api.path, ctx.context.line)
        if not isinstance(made, Instance) or any(target.changes for target in targets):
            return ctx.default_return_type
        described = containers.described(ctx, made)
        owner = _class_of_init(ctx.api)
        for target in targets:
            if owner is not None and target.attribute and (target.grows or containers.item_of(described) is not None):
                self._known[f"{owner.fullname}.{target.attribute}"] = _Known(ctx.api.path, described, target.grows)
        return ctx.default_return_type if any(target.grows for target in targets) else described

    def taken(self, ctx: MethodContext) -> Type:
        """A method of a container is called: it gives a module, or one is appended."""
        call = ctx.context
        if isinstance(call, CallExpr) and isinstance(call.callee, MemberExpr) and call.callee.name == "append":
            self._note_appended(ctx, call.callee.expr)
        return containers.taken(ctx)

    def _note_appended(self, ctx: MethodContext, grown: object) -> None:
        owner = _class_of_init(ctx.api)
        if not (isinstance(grown, MemberExpr) and isinstance(grown.expr, NameExpr) and owner is not None):
            return
        fullname = f"{owner.fullname}.{grown.name}"
        known = self._known.get(fullname)
        if known is None or not known.grows or known.type.type.fullname != names.MODULE_LIST:
            return
        before, item = containers.item_of(known.type), ctx.arg_types[0][0]
        together = make_simplified_union([*([] if before is None else [before]), item])
        self._known[fullname] = known._replace(type=containers.holding(known.type, together))

    def read(self, fullname: str, ctx: AttributeContext) -> Type:
        """The type of an attribute that is read."""
        known, given = self._known[fullname], get_proper_type(ctx.default_attr_type)
        if ctx.is_lvalue or known.path != ctx.api.path or not isinstance(given, Instance):
            return ctx.default_attr_type
        is_torchs = given.type is known.type.type and containers.item_of(given) is None
        is_growing = known.grows and _class_of_init(ctx.api) is not None
        return known.type if is_torchs and not is_growing else ctx.default_attr_type


def _class_of_init(api: CheckerPluginInterface) -> TypeInfo | None:
    """The class whose `__init__` mypy is checking, if it is."""
    if not isinstance(api, TypeChecker):
        return None
    function = api.scope.current_function()
    is_init = isinstance(function, FuncDef) and function.name == INIT
    return api.scope.enclosing_class(function) if is_init else None
