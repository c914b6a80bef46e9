"""Methods of `Tensor` that torch leaves without any annotation: to `mypy --strict` each call of them is an error.

What they give is known; what they take stays open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import FuncDef
from mypy.types import AnyType, CallableType, Instance, NoneType, TypeOfAny

from scriptkit.mypy import names

if TYPE_CHECKING:
    from mypy.plugin import ClassDefContext
    from mypy.types import Type

GIVES = {
    "backward": "None",
    "is_shared": "bool",
    "share_memory_": "Tensor",
    "split": "tuple",
    "to_sparse_coo": "Tensor",
    "unflatten": "Tensor",
}


def type_methods_of_tensor(ctx: ClassDefContext) -> None:
    """Annotate these methods, as far as torch still does not."""
    if ctx.cls.fullname != names.TENSOR:
        return
    tensor = Instance(ctx.cls.info, [])
    results: dict[str, Type] = {
        "None": NoneType(),
        "Tensor": tensor,
        "bool": ctx.api.named_type("builtins.bool"),
        "tuple": ctx.api.named_type("builtins.tuple", [tensor]),
    }
    for statement in ctx.cls.defs.body:
        if isinstance(statement, FuncDef) and statement.name in GIVES and statement.type is None:
            anything = AnyType(TypeOfAny.special_form)
            statement.type = CallableType(
                [anything for _ in statement.arguments],
                statement.arg_kinds,
                statement.arg_names,
                results[GIVES[statement.name]],
                ctx.api.named_type("builtins.function"),
                name=statement.name,
                definition=statement,
            )
