"""How the evaluation of a block ended."""

from __future__ import annotations

from dataclasses import dataclass

from scriptkit.compiling.lowering.world.values import Value  # noqa: TC001 - the fields of dataclasses


@dataclass(frozen=True)
class Returned:
    """A block ended with `return`, or an expression with its value."""

    value: Value


@dataclass(frozen=True)
class Left:
    """A block does not go on: it raised, or left a loop of the residual program."""


Outcome = Returned | Left | None
"""None: the statements after the block come next."""
