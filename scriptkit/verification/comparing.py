"""One verification while it goes on: every input through a life of the module and one of each form."""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import switches
from scriptkit.compiling.plan import trees
from scriptkit.engines.torchscript.engine import errors, files
from scriptkit.engines.torchscript.engine.making import exported_methods, parts_in
from scriptkit.errors import ScriptkitEagerWarning, ScriptkitError
from scriptkit.live import programs
from scriptkit.live.comparison import Difference, compare
from scriptkit.live.copies import asks_for_gradients
from scriptkit.live.lives import life_of
from scriptkit.live.nested import flatten
from scriptkit.live.recorded_calls import record_examples
from scriptkit.live.side_by_side import PARTS, is_refusal, reproduces, run
from scriptkit.live.training_modes import in_training_mode
from scriptkit.live.unreached import Reached
from scriptkit.runtime.compiled import CompiledModule
from scriptkit.verification.changes import changes
from scriptkit.verification.forms import Mode, Subject, has_method, method_of
from scriptkit.verification.report import Comparison, VerificationReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from scriptkit.live.comparison import Tolerance
    from scriptkit.live.side_by_side import Given, Run
    from scriptkit.live.variations import Example
    from scriptkit.verification.report import Form

CALLS_IN_A_ROW = 3
FIRST_CALLS = tuple(f"call {number + 1}" for number in range(CALLS_IN_A_ROW))
GRADIENTS, STATE = "gradients", "state after the calls"
_LARGEST_IN_DOUBLE = 64 << 20
_OF_ANY_FORM = ("result", "arguments", "state", "generator")


@dataclass
class Asked:
    """What the user asked for."""

    tolerance: Tolerance
    modes: Sequence[str] | None = None
    sizes: Sequence[str] | None = None
    time_limit: float | None = None


class OutOfTimeError(Exception):
    """The time limit is over."""


@dataclass
class Verification:
    """One verification while it goes on."""

    module: nn.Module
    example: Example
    asked: Asked
    comparisons: list[Comparison] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    differentiates: bool = False
    """Whether the module calls `backward` or `autograd.grad` itself, so that nothing runs without gradients."""

    def __post_init__(self) -> None:
        self.subject = Subject(self.module)
        # what a module says of itself is for people, who see tensors in other words there
        self.methods = [name for name in exported_methods(type(self.subject.python)) if name != "extra_repr"]
        self.reached = Reached(self.subject.python, self.methods)
        self._began = time.monotonic()

    def report(self) -> VerificationReport:
        """Compare everything there is time for."""
        try:
            for training in self._training_modes():
                self._compare_mode(Mode(self.subject, training=training))
        except OutOfTimeError:
            self.skipped.append(f"what comes after the time limit of {self.asked.time_limit} s")
        failed = next((one for one in self.comparisons if one.differences and one.method == "forward"), None)
        first = None if failed is None else first_differing(self.subject.python, self.example, failed.training, self)
        _say("")
        return VerificationReport(
            type(self.module).__name__,
            tuple(self.comparisons),
            tuple(dict.fromkeys(self.skipped)),
            first,
            tuple(self.reached.unreached()),
            tuple(self.reached.outside()),
        )

    def _training_modes(self) -> list[bool]:
        modes = list(dict.fromkeys((self.subject.python.training, False, True)))
        if self.asked.modes is not None:
            modes = [mode for mode in modes if ("train" if mode else "eval") in self.asked.modes]
        eval_only = _eval_only(self.module)
        if eval_only and True in modes:
            self.skipped.append(f"training: {eval_only}")
            return [False]
        return modes

    def _compare_mode(self, mode: Mode) -> None:
        example = self.example.changed("", self.example.tensors)
        given = example.args, example.kwargs
        if self._compare_in_a_row(mode, given):
            self._compare_gradients(mode, given)
        forward = type(self.subject.python).forward.__get__(self.subject.python)
        for change in changes(self.example, forward, self.reached.bounds(), self.asked.sizes):
            self._compare(mode, change.name, (change.args, change.kwargs))
        self._compare_in_double(mode)
        self._compare_methods(mode, given)

    # ---- the comparisons

    def _compare_in_a_row(self, mode: Mode, given: Given) -> bool:
        """Several calls of the same lives, each with what it leaves behind; False where eager code refuses."""
        for lives in (mode.eager, *mode.forms.values()):
            lives.next()
        if not self.differentiates:
            tried = self._run_eager(mode, given)
            self.differentiates = tried.error is not None and asks_for_gradients(tried.error)
            mode.eager.next()
        for name in FIRST_CALLS:
            if not self._compare(mode, name, given, in_turn=True):
                return False
        for form, lives in mode.forms.items():
            ours, theirs = mode.state(mode.eager.same()), mode.state(lives.same())
            self._note(mode, form, "forward", STATE, compare(ours, theirs, self.asked.tolerance, "state"))
        return True

    def _compare_gradients(self, mode: Mode, given: Given) -> None:
        expected = self._run_eager(mode, given, gradients=True)
        if expected.error is not None:
            self.skipped.append(f"gradients: eager code raises {told(expected.error)}")
            return
        for form in mode.forms:
            self._check_time()
            self._note(mode, form, "forward", GRADIENTS, self._gradients_differ(mode, form, given, expected))

    def _gradients_differ(self, mode: Mode, form: Form, given: Given, expected: Run) -> list[Difference]:
        """By itself, so that the gradients of one form are gone before those of the next are computed."""
        actual = self._run_form(mode, form, given, gradients=True)
        if actual.error is not None:
            return [Difference("gradient", f"the {form} form raises {told(actual.error)}")]
        both = expected.gradients.keys() & actual.gradients.keys()
        names = sorted(name for name in both if not _both_nothing(name, expected, actual))
        mine, its = ({name: one.gradients[name] for name in names} for one in (expected, actual))
        return compare(mine, its, self.asked.tolerance, "gradient")

    def _compare_in_double(self, mode: Mode) -> None:
        """What is off by little in single precision, and by as much in double, is no rounding."""
        if not any(t.dtype == torch.float32 for t in (*self.example.tensors, *mode.base.parameters())):
            return
        if self.subject.size > _LARGEST_IN_DOUBLE:
            self.skipped.append(f"double precision: {self.subject.size >> 20} MB of tensors would be {'twice'} that")
            return
        tensors = [t.double() if t.dtype == torch.float32 else t for t in self.example.tensors]
        change = self.example.changed("double precision", tensors)
        try:
            double = mode.in_double()
        except (RuntimeError, TypeError) as error:
            self.skipped.append(f"double precision: {told(error)}")
            return
        self._compare(double, change.name, (change.args, change.kwargs))

    def _compare_methods(self, mode: Mode, given: Given) -> None:
        """Exported methods, called with nothing or with what `forward` gets, as far as they are declared to take it."""
        schemas = {schema.name: schema for schema in files.method_schemas(mode.complete)}
        for name in self.methods:
            lacking = [form for form in mode.forms if not has_method(mode.lives(form, name).module, name)]
            for form in lacking:
                self.skipped.append(f"{name}: the {form} form is a trace or lowered, and holds `forward` only")
            if lacking:
                continue
            every: tuple[Given, ...] = (((), {}), given)
            calls = [one for one in every if name not in schemas or files.takes(schemas[name], *one)]
            if not calls:
                self.skipped.append(f"{name}: it takes other arguments than `forward`, and nothing says which")
            taken = [self._compare(mode, "the example", one, method=name) for one in calls]
            if any(taken):
                self.skipped = [text for text in self.skipped if not text.startswith(f"{name}: ")]

    def _compare(self, mode: Mode, name: str, given: Given, *, method: str = "forward", in_turn: bool = False) -> bool:
        """Compare one call of all forms; False where eager code refuses it."""
        self._check_time()
        expected = self._run_eager(mode, given, method=method, in_turn=in_turn)
        if expected.error is not None and (name in FIRST_CALLS or method != "forward"):
            self.skipped.append(f"{method}: eager code raises {told(expected.error)}")
            return False
        for form in mode.forms:
            actual = self._run_form(mode, form, given, method=method, in_turn=in_turn)
            is_other_call = actual.error is not None and self._is_other_call(mode, method, given)
            found = self._judged(form, name, expected, actual, is_other_call=is_other_call)
            if (
                found
                and name not in FIRST_CALLS
                and not reproduces(partial(self._run_eager, mode, given, method=method), expected)
            ):
                self.skipped.append(f"{name}: Python itself does not give the same twice")
                break
            if found is not None:
                self._note(mode, form, method, name, found)
        return expected.error is None

    def _is_other_call(self, mode: Mode, method: str, given: Given) -> bool:
        """Whether the types of a program that was made from the example have no place for this call.

        A source that scripts says itself what it takes: there it would be a difference.
        """
        called = self.subject.as_called(given, method)
        schemas = () if self.subject.is_scripted else files.method_schemas(mode.complete)
        return any(schema.name == method and not files.takes(schema, *called) for schema in schemas)

    def _judged(
        self, form: Form, name: str, expected: Run, actual: Run, *, is_other_call: bool
    ) -> list[Difference] | None:
        """The differences; None where nothing can be said."""
        if actual.error is not None:
            if expected.error is not None:
                return None
            if name not in FIRST_CALLS and is_refusal(actual.error, errors.refused):
                self.skipped.append(f"{name}: {told(actual.error)}")
                return None
            if name not in FIRST_CALLS and is_other_call:
                self.skipped.append(f"{name}: the forms were made for the kinds of arguments that the example has")
                return None
            return [Difference("call", f"the {form} form raises {told(actual.error)}")]
        if expected.error is not None:
            if not self.subject.is_scripted or not _is_told_by_code(expected.error):
                return None
            return [Difference("call", f"eager code raises {told(expected.error)}, the {form} form does not")]
        if not self.subject.is_scripted:
            actual = actual.in_types_of(expected)
        if actual.arguments and actual.arguments[1] is None:
            expected = replace(expected, arguments=(expected.arguments[0], None))
        parts = tuple(PARTS) if self.subject.is_scripted else _OF_ANY_FORM
        found = list(expected.differences(actual, self.asked.tolerance, [p for p in parts if p != "gradients"]))
        if not found and self.subject.is_scripted:
            found = _signs_of_zero(expected.result, actual.result)
        return found

    # ---- running

    def _run_eager(
        self, mode: Mode, given: Given, *, method: str = "forward", in_turn: bool = False, gradients: bool = False
    ) -> Run:
        life = mode.eager.same() if in_turn else mode.eager.next()
        wanted = dict(life.named_parameters()) if gradients else None
        with switches.eager(), self.reached.watching():
            state = partial(mode.state, life)
            return run(_called(life, method), given, state=state, wanted=wanted, grad=self.differentiates)

    def _run_form(
        self,
        mode: Mode,
        form: Form,
        given: Given,
        *,
        method: str = "forward",
        in_turn: bool = False,
        gradients: bool = False,
    ) -> Run:
        lives = mode.lives(form, method)
        life = lives.same() if in_turn else lives.next()
        state = partial(mode.state, life)
        wanted = None
        if gradients:
            held = state()
            wanted = {name: held[name] for name, _ in mode.base.named_parameters() if name in held}
        with warnings.catch_warnings():  # that a call ran as Python is no difference
            warnings.simplefilter("ignore", ScriptkitEagerWarning)
            called = self.subject.called(life, method)
            made = run(
                called, self.subject.as_called(given, method), state=state, wanted=wanted, grad=self.differentiates
            )
        self._tell_python(form, self.subject.ran_as_python(called))
        if programs.is_script_module(life):
            made.arguments = made.arguments[0], None  # torch's own call of a program copies lists and dictionaries
        return made

    def _tell_python(self, form: Form, reasons: Sequence[str]) -> None:
        """A form that ran as Python was compared with itself: that proves nothing."""
        for reason in reasons:
            text = f"the {form} form, where calls ran as Python: {reason}"
            if text not in self.skipped:
                self.skipped.append(text)

    def _note(self, mode: Mode, form: Form, method: str, name: str, found: Sequence[Difference]) -> None:
        self.comparisons.append(Comparison(form, method, mode.training, name, tuple(found)))
        _say(f"verify: {len(self.comparisons)} comparisons, {time.monotonic() - self._began:.0f} s")

    def _check_time(self) -> None:
        limit = self.asked.time_limit
        if limit is not None and time.monotonic() - self._began > limit:
            raise OutOfTimeError


def _both_nothing(name: str, expected: Run, actual: Run) -> bool:
    """Whether one form has no gradient for a tensor, and the other one of zeros."""
    one, other = expected.gradients[name], actual.gradients[name]
    given = [gradient for gradient in (one, other) if gradient is not None]
    return len(given) == 1 and not bool(given[0].any())


def _called(life: Any, method: str) -> Any:
    return life if method == "forward" else method_of(life, method)


def _is_told_by_code(error: Exception) -> bool:
    """Whether Python code raised it, not an operator: compiled code of the same source must raise it, too."""
    traceback = error.__traceback__
    return traceback is not None and type(error) is not RuntimeError


def _signs_of_zero(expected: Any, actual: Any) -> list[Difference]:
    pairs = zip(flatten(expected)[0], flatten(actual)[0], strict=True)
    found = []
    for number, (one, other) in enumerate(pairs):
        if one.is_floating_point() and one.layout == torch.strided and one.device.type != "meta":
            zeros = (one == 0) & (other == 0)
            if bool((torch.signbit(one) != torch.signbit(other))[zeros].any()):
                found.append(Difference(f"output tensor {number}", "zeros have another sign"))
    return found


def _say(text: str) -> None:
    """One line on a terminal, written over by the next."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:<60}" if text else "\r" + " " * 60 + "\r")
        sys.stderr.flush()


def _eval_only(module: nn.Module) -> str:
    """Why a module is compiled for evaluation only; empty where it is not."""
    if isinstance(module, CompiledModule):
        return module.eval_only
    reasons = (part.eval_only for _, _, part in parts_in(module))
    return next(filter(None, reasons), "")


def first_differing(python: nn.Module, example: Example, training: bool, asking: Verification) -> str | None:  # noqa: FBT001
    """The path of the first submodule, in the order in which they finish, that differs when compiled alone."""
    copy = in_training_mode(life_of(python), training=training)
    change = example.changed("", example.tensors)
    try:
        recorded = record_examples(copy, change.args, change.kwargs)
    except Exception:  # noqa: BLE001  # what eager code refuses has no parts to blame
        return None
    for path in sorted(recorded, key=lambda path: (-path.count("."), list(recorded).index(path)) if path else (1, 0)):
        part = copy.get_submodule(path)
        if any(_differs(part, (call.args, call.kwargs), asking.asked.tolerance) for call in recorded[path]):
            return path
    return None


def _differs(part: nn.Module, given: Given, tolerance: Tolerance) -> bool:
    with switches.eager():
        expected = run(life_of(part), given)
    try:
        actual = run(life_of(trees.complete(life_of(part))), given)
    except (ScriptkitError, RuntimeError):
        return False  # what does not compile alone cannot be blamed alone
    if expected.error is not None or actual.error is not None:
        return False
    return bool(list(expected.differences(actual.in_types_of(expected), tolerance, ("result",))))


def told(error: BaseException) -> str:
    """The type of an error and its last line, without torch's declaration of what was called."""
    text = str(error).partition(" Declaration: ")[0]
    lines = [line for line in text.splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1].strip()}" if lines else type(error).__name__
