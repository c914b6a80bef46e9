"""Eager against compiled against saved and loaded: the proof that a compiled module is the module.

`verify` runs lives of a module side by side, on the given inputs and on others made from them, in training and in
evaluation, several calls in a row, with gradients and exported methods. The module itself is left as it is.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from scriptkit import switches
from scriptkit.arguments import positional, required_module
from scriptkit.engines.torchscript.engine import errors
from scriptkit.errors import VerificationError
from scriptkit.live.comparison import Difference, Tolerance, compare
from scriptkit.live.copies import buffers_restored
from scriptkit.live.lives import life_of
from scriptkit.live.side_by_side import is_refusal, run
from scriptkit.live.training_modes import in_training_mode
from scriptkit.live.undoing import nothing_left
from scriptkit.live.variations import SIZES, Example, perturbations
from scriptkit.runtime import reading
from scriptkit.verification.changes import EMPTY
from scriptkit.verification.comparing import Asked, Verification, told
from scriptkit.verification.report import Comparison, Form, VerificationReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

__all__ = ["Comparison", "Form", "VerificationReport", "verify", "verify_loaded"]

_MODES = ("eval", "train")
_MORE_AMONG_THREADS = 4
"""Other threads draw random numbers from the same generators: a difference counts that is found each time."""


def verify(  # noqa: PLR0913  # one keyword for each thing a user may ask for
    m: nn.Module,
    example_inputs: Sequence[Any],
    *,
    example_kwargs: dict[str, Any] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    modes: Sequence[str] | None = None,
    sizes: Sequence[str] | None = None,
    time_limit: float | None = None,
) -> VerificationReport:
    """Compare eager, compiled, and saved-and-loaded results of a module.

    Inputs the module itself refuses are skipped. Without `rtol` and `atol` the tolerance depends on the dtype, and
    integers must be equal. `modes` are some of "eval" and "train", `sizes` some of "cut to one", "grown", "doubled" and
    "empty"; without them, all. After `time_limit` seconds no further comparison begins, and the report says so.

    Raises:
        VerificationError: with the report, if anything differs.
        CompilationError: the module does not compile.
        ValueError: an unknown mode or size.
    """
    if hasattr(type(m), "__scriptkit_source__"):
        return _verify_exported(m, positional(example_inputs), example_kwargs, rtol, atol)
    _require_known(modes, _MODES, "modes")
    _require_known(sizes, (*SIZES, EMPTY), "sizes")
    example = Example.of(positional(example_inputs), example_kwargs or {})
    asked = Asked(Tolerance(rtol, atol), modes, sizes, time_limit)
    reading.settle(required_module(m), positional(example_inputs), example_kwargs or {})
    with nothing_left(m, given=(example_inputs, example_kwargs)):
        report = Verification(m, example, asked).report()
        for _ in range(_MORE_AMONG_THREADS if threading.active_count() > 1 else 0):
            if not report.failures:
                break
            report = report.confirmed_by(Verification(m, example, asked).report())
    if not report.passed:
        raise VerificationError(str(report), report)
    return report


def _verify_exported(
    m: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any] | None, rtol: float | None, atol: float | None
) -> VerificationReport:
    """A module of programs knows the Python it was made from."""
    source: nn.Module = m.__scriptkit_source__()  # type: ignore[operator]
    with buffers_restored(m.buffers()):
        report = verify_loaded(source, m, args, kwargs, rtol=rtol, atol=atol)
    if not report.passed:
        raise VerificationError(str(report), report)
    return report


def _require_known(given: Sequence[str] | None, known: Sequence[str], what: str) -> None:
    unknown = [name for name in given or () if name not in known]
    if unknown or isinstance(given, str):
        wrong = repr(given) if isinstance(given, str) else ", ".join(map(repr, unknown))
        raise ValueError(f"`{what}` is a list of {', '.join(map(repr, known))}, not {wrong}")


def verify_loaded(
    m: nn.Module,
    loaded: Callable[..., Any],
    example_inputs: Sequence[Any],
    example_kwargs: dict[str, Any] | None = None,
    *,
    rtol: float | None = None,
    atol: float | None = None,
) -> VerificationReport:
    """Compare what a file computes with the Python of its module, on the given inputs and on others made from them."""
    example = Example.of(positional(example_inputs), example_kwargs or {})
    mode = bool(getattr(loaded, "training", False))
    comparisons, skipped = [], []
    with nothing_left(m, given=(example_inputs, example_kwargs)):
        eager = in_training_mode(life_of(m), training=mode)
        for name, one in [("the inputs", example), *((c.name, c.example) for c in perturbations(example))]:
            change = one.changed(name, one.tensors)
            with switches.eager():
                expected = run(eager, (change.args, change.kwargs))
            if expected.error is not None:
                skipped += [f"{name}: eager code raises {told(expected.error)}"] if one is example else []
                continue
            actual = run(loaded, (change.args, change.kwargs)).in_types_of(expected)
            if actual.error is None:
                found = compare(expected.result, actual.result, Tolerance(rtol, atol))
            elif one is not example and is_refusal(actual.error, errors.refused):
                skipped.append(f"{name}: {told(actual.error)}")
                continue
            else:
                found = [Difference("call", f"the file raises {told(actual.error)}")]
            comparisons.append(Comparison("loaded", "forward", mode, name, tuple(found)))
    return VerificationReport(type(m).__name__, tuple(comparisons), tuple(skipped))
