"""What evaluation may change.

Only objects created in this run may be changed. While an arm of a branch is evaluated, every change is journaled, so
that the other arm starts from the same state and both outcomes can be joined in the very same objects.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.refusing import CannotJoinError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Snapshot:
    """The content of one mutable object at some moment."""

    target: Any
    items: Any
    attributes: dict[str, Any] | None

    @classmethod
    def of(cls, target: Any) -> Snapshot:
        """Take one."""
        items: Any = None
        if isinstance(target, (list, set)):
            items = list(target)
        elif isinstance(target, dict):
            items = dict(dict.items(target))
        attributes = dict(vars(target)) if hasattr(target, "__dict__") else None
        return cls(target, items, attributes)

    def restore(self) -> None:
        """Give the object this content again."""
        target = self.target
        if isinstance(target, list):
            target[:] = self.items
        elif isinstance(target, set):
            target.clear()
            target.update(self.items)
        elif isinstance(target, dict):
            kind: Any = OrderedDict if isinstance(target, OrderedDict) else dict
            kind.clear(target)
            for key, item in self.items.items():
                kind.__setitem__(target, key, item)
        if self.attributes is not None:
            vars(target).clear()
            vars(target).update(self.attributes)


class Effects:
    """Ownership and the journal."""

    def __init__(self) -> None:
        self._owned: dict[int, tuple[Any, int]] = {}
        self._journals: list[dict[int, Snapshot]] = []
        self._loops: list[int] = []
        self.environments: set[int] = set()

    def own(self, created: Any) -> Any:
        """Take an object for one of the run's own."""
        self._owned[id(created)] = (created, len(self._owned))
        return created

    def owns(self, target: Any) -> bool:
        """Whether the run created an object."""
        return id(target) in self._owned

    def changing(self, target: Any, what: str) -> None:
        """Ask before every change of an object: refused for one that outlives the call, journaled otherwise."""
        if not self.owns(target):
            raise RefusedError("state-mutated", f"{what} changes a `{type(target).__name__}` that outlives the call")
        if self._loops and self._owned[id(target)][1] < self._loops[-1]:
            raise RefusedError("state-mutated-in-loop", f"{what} in a loop of a length known only at run time")
        self.journal(target)

    def journal(self, target: Any) -> None:
        """Remember what an object was before the arm that is being evaluated."""
        for journal in self._journals:
            if id(target) not in journal:
                journal[id(target)] = Snapshot.of(target)

    def is_older(self, target: Any, moment: int) -> bool:
        """Whether an object existed before a moment given by `now`."""
        return not self.owns(target) or self._owned[id(target)][1] < moment

    @property
    def now(self) -> int:
        """A moment, to be compared with later ones."""
        return len(self._owned)

    def owned(self) -> Iterator[Any]:
        """Everything the run created."""
        return (target for target, _ in list(self._owned.values()))

    @contextmanager
    def loop(self) -> Iterator[None]:
        """While the body of a residual loop is evaluated, nothing older than the loop may change."""
        self._loops.append(self.now)
        try:
            yield
        finally:
            self._loops.pop()

    @property
    def is_in_loop(self) -> bool:
        """Whether the body of a residual loop is being evaluated."""
        return bool(self._loops)

    @property
    def is_journaled(self) -> bool:
        """Whether something is tried that may be undone."""
        return bool(self._journals)

    @contextmanager
    def watched(self) -> Iterator[list[Any]]:
        """Afterwards the result holds what was changed and is older than this."""
        journal: dict[int, Snapshot] = {}
        changed: list[Any] = []
        moment = self.now
        self._journals.append(journal)
        try:
            yield changed
        finally:
            self._journals.pop()
            changed += [entry.target for entry in journal.values() if self.is_older(entry.target, moment)]

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo every change if what is tried cannot be joined."""
        journal: dict[int, Snapshot] = {}
        self._journals.append(journal)
        try:
            yield
        except CannotJoinError:
            for before in journal.values():
                before.restore()
            raise
        finally:
            self._journals.pop()

    @contextmanager
    def arm(self) -> Iterator[dict[int, Snapshot]]:
        """Evaluate an arm; afterwards everything is as before, and the result holds what the arm made of it."""
        journal: dict[int, Snapshot] = {}
        outcome: dict[int, Snapshot] = {}
        self._journals.append(journal)
        try:
            yield outcome
        finally:
            self._journals.pop()
            for key, before in journal.items():
                outcome[key] = Snapshot.of(before.target)
                before.restore()
