"""The pytest plugin: assertions for models, and a fixture that runs one test in every form a model has.

    def test_it_compiles_and_stays_the_same():
        assert_scriptable(Net(), (torch.rand(2, 4),), wrong_inputs=[(torch.rand(2, 5),)])

    def test_the_rows_add_up_to_one(scriptkit_form):
        net = scriptkit_form(Net())
        assert net(torch.rand(2, 4)).sum(1).allclose(torch.ones(2))

pytest loads this package whenever it starts: torch is imported by the first assertion, and where it is not installed
the test is skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from scriptkit.errors import CompilationError, ExportError, TraceHazardError, VerificationError
from scriptkit.switches import eager
from scriptkit.testing.names import FormName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import nn

    from scriptkit.exporting.report import ExportReport
    from scriptkit.verification import VerificationReport

__all__ = ["Form", "assert_exportable", "assert_same_outputs", "assert_scriptable", "scriptkit_form"]


def assert_scriptable(  # noqa: PLR0913 - options, each named at the call
    module: nn.Module,
    example_inputs: Sequence[Any],
    *,
    example_kwargs: Mapping[str, Any] | None = None,
    wrong_inputs: Sequence[Sequence[Any]] = (),
    plan: Mapping[str, str] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> VerificationReport:
    """Compile a module, compare eager with compiled and with loaded as `scriptkit.verify` does, and return its report.

    What eager code refuses must be refused by the other forms too: each of `wrong_inputs`, and every other size of the
    example inputs that eager code raises for. `plan` maps paths to the mode you expect there
    (`{"": "script", "backbone": "trace"}`). A plain `nn.Module` is compiled by `scriptkit.compile` first.

    Raises AssertionError that names the outputs that differ, or draws what the compiler refuses.
    """
    __tracebackhide__ = True
    pytest.importorskip("torch")
    from scriptkit.arguments import positional
    from scriptkit.testing.forms import compiled, refusals_missed
    from scriptkit.testing.telling import plan_differences, told_verification
    from scriptkit.verification import verify

    given = (positional(example_inputs), dict(example_kwargs or {}))
    try:
        made = compiled(module, given)
        report = verify(made, given[0], example_kwargs=given[1], rtol=rtol, atol=atol)
    except (CompilationError, TraceHazardError) as error:
        raise AssertionError(str(error)) from None
    except VerificationError as error:
        raise AssertionError(told_verification(error, made)) from None
    problems = [*plan_differences(made, plan or {}), *refusals_missed(made, given, wrong_inputs)]
    if problems:
        raise AssertionError("\n".join([f"{type(module).__name__} is not what the test says:", *problems]))
    return report


def assert_exportable(
    module: nn.Module,
    example_inputs: Sequence[Any],
    *,
    example_kwargs: Mapping[str, Any] | None = None,
    methods: Sequence[str] | Mapping[str, Any] | None = None,
    free: Mapping[str, Sequence[int]] | None = None,
    route: str | None = None,
) -> ExportReport:
    """Export a module with `scriptkit.export_program`, which verifies it, and return the report.

    `free` names the dimensions that must not be fixed (`{"ids": [0, 1]}`), `route` the way you expect ("exported" or
    "lowered").

    Raises AssertionError that draws what cannot be exported, or names the dimensions that are fixed, and why.
    """
    __tracebackhide__ = True
    pytest.importorskip("torch")
    from scriptkit.exporting.export_program import export_program

    try:
        made = export_program(module, example_inputs, example_kwargs=dict(example_kwargs or {}), methods=methods)
    except ExportError as error:
        raise AssertionError(str(error)) from None
    report = made.report
    rows = {(row.input, row.index): row for row in report.dimensions}
    problems = [
        f"  dimension {index} of '{name}' is {rows[name, index].kind}: {rows[name, index].reason}"
        if (name, index) in rows
        else f"  there is no dimension {index} of '{name}'"
        for name, indices in (free or {}).items()
        for index in indices
        if (name, index) not in rows or rows[name, index].kind == "fixed"
    ]
    problems += [f"  `{row.method}` is {row.route}" for row in report.rows if route is not None and row.route != route]
    if problems:
        raise AssertionError("\n".join([f"{type(module).__name__} is not what the test says:", *problems]))
    return report


def assert_same_outputs(
    module: nn.Module,
    example_inputs: Sequence[Any],
    *,
    example_kwargs: Mapping[str, Any] | None = None,
    reference: nn.Module | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Call a module eagerly, compiled, and saved and loaded: each must return what `reference` returns eagerly.

    The reference is the module itself unless you give another one: the model you migrate from, with the same weights.
    Outputs are compared without gradients; random numbers start from the same seed in each form.

    Raises AssertionError that names each output that differs, with the elements that differ most.
    """
    __tracebackhide__ = True
    pytest.importorskip("torch")
    from scriptkit.arguments import positional
    from scriptkit.live.comparison import Tolerance
    from scriptkit.testing.forms import compiled, results
    from scriptkit.testing.telling import told_results

    given = (positional(example_inputs), dict(example_kwargs or {}))
    try:
        made = compiled(module, given)
    except (CompilationError, TraceHazardError) as error:
        raise AssertionError(str(error)) from None
    told = told_results(made, results(made, given, reference), Tolerance(rtol, atol))
    if told:
        raise AssertionError(told)


class Form:
    """What `scriptkit_form` gives: call it with a module to get that module in the form of this run."""

    def __init__(self, name: FormName) -> None:
        self.name = name

    def __call__(
        self,
        module: nn.Module,
        example_inputs: Sequence[Any] | None = None,
        *,
        example_kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """The module, eager, compiled or exported, or what is loaded from the file it was saved to.

        A plain `nn.Module` is compiled by `scriptkit.compile`; give it example inputs where it may have to be traced.
        """
        from scriptkit.arguments import positional
        from scriptkit.testing.forms import in_form

        given = None if example_inputs is None else (positional(example_inputs), dict(example_kwargs or {}))
        return in_form(module, self.name, given)

    def __repr__(self) -> str:
        return f"Form({self.name!r})"


@pytest.fixture(params=get_args(FormName))
def scriptkit_form(request: pytest.FixtureRequest) -> Iterator[Form]:
    """Run the test four times: with the model as Python, compiled, saved and loaded, and exported."""
    pytest.importorskip("torch")
    form = Form(request.param)
    if form.name == "eager":
        with eager():
            yield form
    else:
        yield form
