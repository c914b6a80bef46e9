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
_EXPORTED = "tests/exporting/test_exported_file.py"
_WRITING = "tests/exporting/test_writes_in_branches.py"
_MUTATION = "torch up to 2.11 takes no branch or loop into a program that writes what another one has written: refused"
_LOOP = "torch up to 2.12 takes no loop that calls what writes into a program: refused, or fixed in its length"

UNABLE: tuple[Unable, ...] = (
    Unable(
        "tests/exporting/test_free_sizes.py::test_both_sides_of_a_branch_within_torch_have_a_program",
        "torch from 2.14 on fixes a size where code of its own goes another way at another one; the report tells it",
        since="2.14",
    ),
    Unable(
        "tests/docs/test_language_reference.py::test_the_page_is_up_to_date",
        "Python 3.10 does not read `except*`, of which the page has an example",
        python_until="3.11",
    ),
    Unable(
        "tests/language/inference/test_agrees_with_the_compiler.py::test_the_pass_and_torch_agree"
        "[modules_and_objects-7]",
        "Python 3.10: torch takes `Any` in a class body for `Final`; in a `ScriptableModule` it is `Any`",
        python_until="3.11",
    ),
    Unable(
        "tests/language/inference/test_agrees_with_the_compiler.py::test_the_pass_and_torch_agree"
        "[modules_and_objects-97]",
        "Python 3.13 hides the code of deprecated classes, `torch.cuda.amp.autocast` among them, from the compiler",
        python_since="3.13",
    ),
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
    Unable(
        "tests/scenarios/test_operators_as_in_python.py::test_numbers_raise_as_in_python[rest]",
        "Python 3.13 has new words for `7.0 % 0.0`; compiled code keeps the old ones",
        python_since="3.13",
    ),
    Unable(
        f"{_EXPORTED}::test_torch_reads_the_file",
        "`torch.export.load` of 2.8 knows another layout of the archive; `scriptkit.load` reads the file there, too",
        until="2.9",
    ),
    *(
        Unable(f"{_WRITING}::test_a_file_writes_what_the_module_writes[{name}]", _MUTATION, until="2.12")
        for name in ("NestedBranches", "TwoNames", "InAPart")
    ),
    Unable(f"{_WRITING}::test_a_file_writes_what_the_module_writes[UntilAPartIsFull]", _LOOP, until="2.13"),
    Unable(f"{_WRITING}::test_a_loop_that_writes_one_row_in_every_round_is_free_in_time", _LOOP, until="2.13"),
    Unable(f"{_WRITING}::test_a_file_writes_what_the_module_writes[InALoop]", _MUTATION, until="2.10"),
    Unable(
        "tests/exporting/test_export_program.py::test_control_flow_on_values_is_kept[Repeating]",
        "torch up to 2.9 loses a branch that stands inside a loop: refused",
        until="2.10",
    ),
    Unable(
        "tests/exporting/test_export_program.py::test_other_threads_may_call_while_one_exports",
        "the tracer of 2.8 takes every call of a module for one of its own, also those of other threads",
        until="2.9",
    ),
)


def unable(torch: str, python: str) -> list[Unable]:
    """The tests that cannot hold on these versions."""
    return [one for one in UNABLE if one.meets(torch, python)]
