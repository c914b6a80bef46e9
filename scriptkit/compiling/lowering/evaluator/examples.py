"""Operations run on the example inputs, to see which type and rank they give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.lowering.world.refusing import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def run_on_examples(
    what: str, function: Callable[..., Any], args: list[Any], kwargs: Mapping[str, Any], *, is_rough: bool
) -> Any:
    """What an operation gives. `is_rough`: the examples have the right type and rank, and perhaps another size.

    That is so in an arm that the example inputs do not take, and after a loop whose body was evaluated once.
    """
    try:
        with torch.no_grad():
            return function(*args, **kwargs)
    except Exception as error:
        if is_rough and what in {"reshape", "view"}:  # only types and ranks matter
            return _of_shape(args)
        words = str(error).strip().partition("\n")[0][:120]
        raise RefusedError("example-run-failed", f"`{what}` fails on the example: {words}") from error


def _of_shape(examples: list[Any]) -> torch.Tensor:
    """What `reshape` to other sizes would give, had the input the elements for it."""
    tensor, sizes = examples[0], examples[1] if isinstance(examples[1], (list, tuple)) else examples[1:]
    if not all(type(size) is int for size in sizes):
        raise RefusedError("example-run-failed", "`reshape` fails on the example")
    made: torch.Tensor = tensor.new_zeros([max(size, 1) for size in sizes])
    return made
