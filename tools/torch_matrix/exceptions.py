"""The tests that cannot hold on a version, with the reason; nowhere else is a test left out because of a version."""

from __future__ import annotations

from dataclasses import dataclass

from scriptkit.language.versions import in_range


@dataclass(frozen=True)
class Unable:
    """A test, or all tests of a file, from one version on or up to another; "" is no limit."""

    test: str
    why: str
    since: str = ""
    until: str = ""
    python_since: str = ""
    python_until: str = ""

    def meets(self, torch: str, python: str) -> bool:
        """Whether it cannot hold there."""
        return in_range(torch, self.since, self.until) and in_range(python, self.python_since, self.python_until)

    def names(self, node: str) -> bool:
        """Whether it is this test, whatever its parameters; a name with brackets is one of them."""
        return node == self.test or node.startswith((f"{self.test}[", f"{self.test}::"))


UNABLE: tuple[Unable, ...] = ()


def unable(torch: str, python: str) -> list[Unable]:
    """The tests that cannot hold on these versions."""
    return [one for one in UNABLE if one.meets(torch, python)]
