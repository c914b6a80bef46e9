"""What evaluation may change.

Only objects created in this run may be changed. While an arm of a branch is evaluated, every change is journaled, so
that the other arm starts from the same state and both outcomes can be joined in the very same objects.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.world.refusing import CannotJoinError, ListInLoopError, RefusedError

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
        self._loops: list[tuple[int, bool]] = []
        # Python lists that became lists of the residual program, by id: the list, what is in it since, the new one
        self.replaced: dict[int, tuple[Any, Any, Any]] = {}
        self.environments: set[int] = set()
        self._copied: dict[int, Any] = {}

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
        if id(target) in self._copied:
            raise RefusedError("state-mutated", f"{what} changes a list that a list of the run has in it already")
        if self.is_older_than_loop(target):
            if type(target) is list and self._loops[-1][1]:
                raise ListInLoopError(target, what)
            raise RefusedError("state-mutated-in-loop", f"{what} in a loop of a length known only at run time")
        self.journal(target)

    def copied(self, value: Any) -> None:
        """A list of the program gets what a Python list holds: a later change of that one would not be seen."""
        if isinstance(value, list):
            self._copied[id(value)] = value
        if isinstance(value, (list, tuple)):
            for item in value:
                self.copied(item)

    def is_older_than_loop(self, target: Any) -> bool:
        """Whether the body of a residual loop is evaluated that began after an object was made."""
        return bool(self._loops) and self._owned[id(target)][1] < self._loops[-1][0]

    def now_of(self, value: Any) -> Any:
        """What stands for a value now: of a Python list that became a list of the residual program, that."""
        if type(value) is list and id(value) in self.replaced:
            _, mark, made = self.replaced[id(value)]
            return made if any(item is mark for item in value) else value  # an arm may have undone it
        if isinstance(value, tuple) and self.replaced:
            items = [self.now_of(item) for item in value]
            if any(one is not other for one, other in zip(items, value, strict=True)):
                return value._make(items) if hasattr(value, "_make") else type(value)(items)
        return value

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
    def loop(self, *, begins_anew: bool = False) -> Iterator[None]:
        """While the body of a residual loop is evaluated, nothing older than the loop may change.

        `begins_anew`: whether somebody makes a list one of the program, and evaluates the body again.
        """
        self._loops.append((self.now, begins_anew))
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
