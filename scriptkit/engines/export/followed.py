"""What branches and loops of rewritten programs share: functions that torch follows, and what goes in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from scriptkit.engines.export.run_values import NotCarriedError, as_tensor, is_of_sizes, is_open, to_float, to_int

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def nothing() -> tuple[Tensor, ...]:
    """What an operator gives that gives nothing: no file holds one without a result."""
    return (torch.zeros(()),)


class _Inside:
    """Whether an operator is following a branch or a loop now, for whoever is within."""

    of_an_operator = False


def is_within() -> bool:
    """Whether an operator is following a branch or a loop now."""
    return _Inside.of_an_operator


def followed(operator: Callable[..., Any], *arguments: Any) -> Any:
    """Run an operator whose parts work on tensors of their own."""
    if _Inside.of_an_operator:
        return operator(*arguments)
    _Inside.of_an_operator = True
    try:
        return operator(*arguments)
    finally:
        _Inside.of_an_operator = False


def whole(value: Any) -> Any:
    """`int(value)`; within an operator it stays a tensor: what follows from it is decided by the run."""
    return _number(value) if _Inside.of_an_operator and isinstance(value, Tensor) else to_int(value)


def fraction(value: Any) -> Any:
    """`float(value)`, in the same way."""
    is_kept = _Inside.of_an_operator and isinstance(value, Tensor)
    return value.to(torch.float64).reshape(()) if is_kept else to_float(value)


def item(value: Tensor) -> Any:
    """`value.item()`, in the same way."""
    return _number(value, cut=False) if _Inside.of_an_operator else value.item()


def fraction_of_item(value: Tensor) -> Any:
    """`value.item()`, where whole numbers are numbers within an operator, too."""
    return item(value) if value.dtype.is_floating_point else value.item()


def _number(value: Tensor, *, cut: bool = True) -> Tensor:
    """A tensor with the value, and in the dtype, that Python's number has."""
    if not value.dtype.is_floating_point:
        return value.reshape(()) if value.dtype == torch.bool and not cut else value.to(torch.int64).reshape(())
    return value.trunc().to(torch.int64).reshape(()) if cut else value.to(torch.float64).reshape(())


def aside(tensor: Any, condition: Any) -> Any:
    """A tensor that a branch writes to, before it: what torch keeps of it for gradients must not be written later."""
    return tensor.clone() if is_open(condition) and isinstance(tensor, Tensor) else tensor


def own(tensor: Any) -> Any:
    """A tensor that a branch or a loop writes to: a copy within an operator, whose inputs nobody may write to."""
    return tensor.clone() if _Inside.of_an_operator and isinstance(tensor, Tensor) else tensor


def give_back(tensor: Any, written: Any) -> None:
    """Write what a branch or a loop made of its own copy of a tensor."""
    if written is not tensor:
        tensor.copy_(written)


class _Given:
    """A function of a branch or a loop that is given numbers from outside.

    What is decided now calls it with them as they are. Torch follows it into an operator with tensors in their place,
    where only a run knows them: it sees no other values that a function has from outside.
    """

    def __init__(self, function: Callable[..., Any], numbers: tuple[Any, ...], kinds: str) -> None:
        self._function, self._numbers, self._kinds = function, numbers, kinds

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments, *self._numbers)

    def within(self) -> Callable[..., Any]:
        """The function as an operator has it."""
        kinds = "".join(
            kind if isinstance(number, torch.SymFloat) or (is_open(number) and not is_of_sizes(number)) else "?"
            for number, kind in zip(self._numbers, self._kinds, strict=True)
        )
        numbers = [n if kind == "?" else as_tensor(n) for n, kind in zip(self._numbers, kinds, strict=True)]
        function = self._function
        return lambda *arguments: function(*arguments, *unpacked(numbers, kinds, after=False))


def with_numbers(function: Callable[..., Any], numbers: tuple[Any, ...], kinds: str) -> Callable[..., Any]:
    """A function of a branch or a loop, and the numbers that its last parameters get."""
    return _Given(function, numbers, kinds)


def within(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as an operator has it, or the function itself."""
    return function.within() if isinstance(function, _Given) else function


def packed(values: Sequence[Any]) -> tuple[Tensor, ...]:
    """Values as tensors of their own: what an operator carries must not alias what it was given."""
    return tuple(value.clone() if isinstance(value, Tensor) else as_tensor(value) for value in values)


def unpacked(values: Sequence[Tensor], kinds: str, *, after: bool = True) -> tuple[Any, ...]:
    """Numbers again, where they may be; a bool stays a tensor, since it is only asked for its truth."""
    return tuple(
        value.item() if kind in ("ifIF" if after else "if") else value
        for value, kind in zip(values, kinds, strict=True)
    )


def refuse_unknown(kinds: str, what: str) -> None:
    """Raise where something has to leave a branch or a loop that no operator carries."""
    if "?" in kinds:
        message = f"{what} that only a run decides gives a value that is neither a tensor nor a number"
        raise NotCarriedError(message, "let tensors and numbers leave it, and make the rest of them behind it")
