"""`example_inputs` must fit `forward`: as many, and of the types that it takes.

Compared are the declared types, `def example_inputs(self) -> tuple[Tensor, int]`, or where that says less, as the base
class does, what the method returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy.nodes import FuncDef, ReturnStmt
from mypy.subtypes import is_subtype
from mypy.types import CallableType, Instance, TupleType, get_proper_type
from mypy.typevars import fill_typevars

from scriptkit.mypy import names
from scriptkit.mypy.calls import call_signature
from scriptkit.mypy.misfits import Misfit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy.checker import TypeChecker
    from mypy.nodes import TypeInfo
    from mypy.types import ProperType


def unfit_example_inputs(info: TypeInfo, checker: TypeChecker | None) -> Iterator[Misfit]:
    """Where the `example_inputs` that a module defines do not fit its `forward`."""
    symbol = info.names.get(names.EXAMPLE_INPUTS)
    module = fill_typevars(info)
    if symbol is None or not isinstance(symbol.node, FuncDef) or not isinstance(module, Instance):
        return
    given = _given(symbol.node, checker)
    forward = call_signature(module)
    if isinstance(given, TupleType) and isinstance(forward, CallableType):
        for message in _problems(given, forward):
            yield Misfit(symbol.node.line, symbol.node.column, message, "example-inputs")


def _given(method: FuncDef, checker: TypeChecker | None) -> ProperType | None:
    declared = get_proper_type(method.type)
    given = get_proper_type(declared.ret_type) if isinstance(declared, CallableType) else None
    last = method.body.body[-1] if method.body.body else None
    if isinstance(given, TupleType) or checker is None or not isinstance(last, ReturnStmt) or last.expr is None:
        return given
    returned = checker.lookup_type_or_none(last.expr)
    return None if returned is None else get_proper_type(returned)


def _problems(given: TupleType, forward: CallableType) -> Iterator[str]:
    least, most = forward.min_args, len(forward.arg_types)
    if forward.is_var_arg or forward.is_kw_arg or given.partial_fallback.type.fullname != "builtins.tuple":
        return
    if not least <= len(given.items) <= most:
        takes = str(least) if least == most else f"{least} to {most}"
        yield f"`example_inputs` gives {len(given.items)} values, `forward` takes {takes}; give one for each argument"
    for number, (item, argument, name) in enumerate(
        zip(given.items, forward.arg_types, forward.arg_names, strict=False), 1
    ):
        if not is_subtype(item, argument):
            yield f"value {number} of `example_inputs` is not what `forward` takes as `{name}`; give one of its type"
