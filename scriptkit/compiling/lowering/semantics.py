"""The semantics of Python, as the evaluator asks for it: each entry with the file that answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.calling import calls
from scriptkit.compiling.lowering.code import blocks, expressions
from scriptkit.compiling.lowering.objects import attributes, subscripts

if TYPE_CHECKING:
    from scriptkit.compiling.lowering.evaluator.evaluator import Semantics


class _Python:
    """Python's own, as far as it is lowered; anything else is refused by the file that meets it."""

    expression = staticmethod(expressions.evaluate)
    call = staticmethod(calls.call)
    block = staticmethod(blocks.run_block)
    read = staticmethod(attributes.read)
    items = staticmethod(attributes.items_of)
    unpack = staticmethod(subscripts.unpack)


PYTHON: Semantics = _Python()
