"""What is judged: a module, how it is called, and in which mode; first those of torch's own database."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn


@dataclass(frozen=True)
class Case:
    """One module made anew by each call of `make`, and the arguments it is called with."""

    group: str
    name: str
    make: Callable[[], nn.Module]
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    training: bool = False

    def made(self) -> nn.Module:
        """The module; each one has the same weights."""
        torch.manual_seed(0)
        return self.make().train(self.training)


def of_database(names: frozenset[str], most: int | None) -> Iterator[Case]:
    """The samples that torch tests its own modules with, at most so many of each class and mode, spread evenly."""
    from torch.testing._internal.common_modules import module_db

    for info in module_db:
        group = info.name.removeprefix("nn.")
        if not names or group in names:
            for training in (False, True):
                yield from _spread(list(_samples(info, group, training=training)), most)


def _samples(info: Any, group: str, *, training: bool) -> Iterator[Case]:
    torch.manual_seed(0)
    found = info.module_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=True, training=training)
    for number, sample in enumerate(found):
        made, given = sample.constructor_input, sample.forward_input
        if given is not None:
            make = functools.partial(info.module_cls, *made.args, **made.kwargs)
            make = make if info.is_lazy else functools.partial(_in_single_precision, make)
            yield Case(group, f"sample {number}", make, given.args, given.kwargs, training)


def _in_single_precision(make: Callable[[], nn.Module]) -> nn.Module:
    return make().to(torch.float32)


def _spread(cases: list[Case], most: int | None) -> list[Case]:
    step = 1 if most is None else max(1, -(-len(cases) // most))
    return cases[::step]
