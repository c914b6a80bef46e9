"""Calls of modules: `module(x)` takes what its `forward` takes and gives what it gives.

torch declares `Module.__call__` as `Callable[..., Any]`, so that to every type checker `self.conv(x)` is `Any`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.expandtype import expand_type_by_instance
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import Decorator, FuncDef, OverloadedFuncDef
from mypy.typeops import bind_self
from mypy.types import CallableType, Instance, Overloaded, get_proper_type

from scriptkit.mypy import names
from scriptkit.mypy.containers import sequential_signature

if TYPE_CHECKING:
    from mypy.nodes import Node, TypeInfo
    from mypy.plugin import MethodSigContext
    from mypy.types import FunctionLike, Type


def signature_of_call(ctx: MethodSigContext) -> FunctionLike:
    """The signature of a call of a module."""
    module = get_proper_type(ctx.type)
    if not isinstance(module, Instance):
        return ctx.default_signature
    signature = call_signature(module)
    if signature is None or not _calls_forward(module.type, signature):
        return ctx.default_signature
    return signature


def _calls_forward(info: TypeInfo, signature: FunctionLike) -> bool:
    """Whether `__call__` is torch's; that of a `ScriptableModule` is typed by itself, save for overloads."""
    owner = next((base.fullname for base in info.mro if names.CALL in base.names), "")
    return owner == names.MODULE or (owner == names.SCRIPTABLE_MODULE and isinstance(signature, Overloaded))


def call_signature(module: Instance) -> FunctionLike | None:
    """What a module takes and gives; None where its author did not say."""
    if module.type.fullname == names.SEQUENTIAL:
        return sequential_signature(module, call_signature)
    for base in module.type.mro:
        if names.FORWARD in base.names:
            return None if base.fullname == names.MODULE else _bound(base.names[names.FORWARD].node, base, module)
    return None


def _bound(node: Node | None, base: TypeInfo, module: Instance) -> FunctionLike | None:
    declared = get_proper_type(_declared_type(node))
    if not isinstance(declared, (CallableType, Overloaded)):
        return None
    seen_from_module = expand_type_by_instance(declared, map_instance_to_supertype(module, base))
    return bind_self(seen_from_module, module) if isinstance(seen_from_module, (CallableType, Overloaded)) else None


def _declared_type(node: Node | None) -> Type | None:
    if isinstance(node, Decorator):
        return node.var.type
    return node.type if isinstance(node, (FuncDef, OverloadedFuncDef)) else None
