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


_COUNTS = "tests/engines/torchscript/test_dict_versions.py"
_UNCOUNTED = "Python 3.13 writes attributes beside the dictionary, so that no count tells: every call asks the slow way"

UNABLE: tuple[Unable, ...] = (
    Unable("tests/watching/test_dict_counts.py", _UNCOUNTED, python_since="3.13"),
    Unable(f"{_COUNTS}::test_writing_any_of_them_is_noticed", _UNCOUNTED, python_since="3.13"),
    Unable(
        f"{_COUNTS}::test_after_some_calls_nothing_is_looked_at_until_somebody_writes", _UNCOUNTED, python_since="3.13"
    ),
    Unable(
        "tests/engines/torchscript/test_exceptions.py::test_what_fails_raises_the_type_python_raises[largest]",
        "Python 3.12 has new words for `max([])`; compiled code keeps the old ones",
        python_since="3.12",
    ),
)


def unable(torch: str, python: str) -> list[Unable]:
    """The tests that cannot hold on these versions."""
    return [one for one in UNABLE if one.meets(torch, python)]
