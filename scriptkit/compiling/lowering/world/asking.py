"""The question of every call: whether all that was read while the program was made still holds.

The fast way compares everything by identity (`fast_question`). Only where that says no, the slow way looks which fact
it was, or finds that nothing changed after all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.hooks import RemovableHandle

from scriptkit.compiling.lowering.world.fast_question import FastQuestion
from scriptkit.live import hooks
from scriptkit.watching.sameness import MISSING, holds, is_same

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CellType

    from scriptkit.compiling.lowering.world.facts import Facts


class Question:
    """Asks whether the facts of one program still hold."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._last_hook = [facts.last_hook]
        self._fast: FastQuestion | None = None

    def holds(self) -> bool:
        """Whether nothing changed, as far as identities tell."""
        return self._fast is not None and self._fast()

    def broken(self) -> str | None:
        """The first fact that no longer holds, in words; None while all do."""
        if self._fast is not None and self._fast():
            return None
        found = next(self._changes(), None)
        if found is None:
            # an equal value or a hook elsewhere: from now on this is what the fast way compares with
            self._last_hook[0] = RemovableHandle.next_id
            if not self.holds():
                self._fast = FastQuestion(self._facts, self._last_hook)
        return found

    def _changes(self) -> Iterator[str]:
        for place in self._facts.places.values():
            if not is_same(place.now, place.value):
                yield f"{place.words} changed"
        for function, *was in self._facts.functions.values():
            if not all(map(is_same, (function.__code__, function.__defaults__, function.__kwdefaults__), was)):
                yield f"the code of `{function.__qualname__}` changed"
        if any(variable.get(unset) is not value for variable, (value, unset) in self._facts.context.items()):
            yield "a context variable changed"
        if any(not is_same(_content_of(cell), value) for cell, value in self._facts.cells.values()):
            yield "a variable of an enclosing function changed"
        if any(list(container) != names for container, names in self._facts.keys.values()):
            yield "parameters, buffers or submodules were added or removed"
        for container, items in self._facts.containers.values():
            if not holds(container, items):
                yield f"a {type(container).__name__} that the model reads changed"
        for owner, name, value in self._facts.slots.values():
            if not is_same(getattr(owner, name, MISSING), value):
                yield f"`{type(owner).__name__}.{name}` changed"
        yield from self._changes_of_classes()
        yield from self._changes_around()

    def _changes_of_classes(self) -> Iterator[str]:
        for owner, cls in self._facts.instances.values():
            if type(owner) is not cls:
                yield f"a `{cls.__name__}` became a `{type(owner).__name__}`"
        for cls, order in self._facts.classes.items():
            if cls.__mro__ is not order:
                yield f"the bases of `{cls.__name__}` changed"

    def _changes_around(self) -> Iterator[str]:
        if any(vars(module).get(name) for module in self._facts.modules.values() for name in hooks.HOOKS):
            yield "there are hooks now"
        if any(map(bool, hooks.global_hooks())) and not self._facts.had_global_hooks:
            yield "there are hooks on all modules now"
        if any(os.environ.get(name) != value for name, value in self._facts.environment.items()):
            yield "a variable of the environment changed"
        if torch.get_default_dtype() is not self._facts.dtype:
            yield "the default dtype changed"


def _content_of(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
