"""`example_inputs` must fit `forward`: as many, and of the types that it takes.

Only the declared types are compared: `def example_inputs(self) -> tuple[Tensor, int]`. A bare `tuple` says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mypy.nodes import FuncDef
from mypy.subtypes import is_subtype
from mypy.types import CallableType, Instance, TupleType, get_proper_type
from mypy.typevars import fill_typevars

from scriptkit.mypy import names
from scriptkit.mypy.calls import call_signature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy.nodes import TypeInfo


class Misfit(NamedTuple):
    """What does not fit, and where `example_inputs` stands."""

    line: int
    column: int
    message: str


def misfits(info: TypeInfo) -> Iterator[Misfit]:
    """Where the `example_inputs` that a module defines do not fit its `forward`."""
    symbol = info.names.get(names.EXAMPLE_INPUTS)
    module = fill_typevars(info)
    if symbol is None or not isinstance(symbol.node, FuncDef) or not isinstance(module, Instance):
        return
    declared = get_proper_type(symbol.node.type)
    given = get_proper_type(declared.ret_type) if isinstance(declared, CallableType) else None
    forward = call_signature(module)
    if isinstance(given, TupleType) and isinstance(forward, CallableType):
        for message in _problems(given, forward):
            yield Misfit(symbol.node.line, symbol.node.column, message)


def _problems(given: TupleType, forward: CallableType) -> Iterator[str]:
    least, most = forward.min_args, len(forward.arg_types)
    if forward.is_var_arg or forward.is_kw_arg:
        return
    if not least <= len(given.items) <= most:
        takes = str(least) if least == most else f"{least} to {most}"
        yield f"`example_inputs` gives {len(given.items)} values, `forward` takes {takes}; give one for each argument"
    for number, (item, argument, name) in enumerate(
        zip(given.items, forward.arg_types, forward.arg_names, strict=False), 1
    ):
        if not is_subtype(item, argument):
            yield f"value {number} of `example_inputs` is not what `forward` takes as `{name}`; give one of its type"
