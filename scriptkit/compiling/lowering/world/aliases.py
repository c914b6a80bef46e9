"""Lists of the residual program that may be one object: a change of one is a change of all of them."""

from __future__ import annotations


class Shared:
    """What such lists have in common; `version` is another object after each change."""

    def __init__(self) -> None:
        self.joined: Shared | None = None
        self.version = object()

    def root(self) -> Shared:
        """The one that speaks for all that were joined."""
        found = self
        while found.joined is not None:
            found = found.joined
        return found

    def join(self, other: Shared) -> None:
        """From now on lists of both may be one object."""
        mine, others = self.root(), other.root()
        if mine is not others:
            others.joined = mine
            mine.version = object()

    def change(self) -> None:
        """One of them changed."""
        self.root().version = object()
