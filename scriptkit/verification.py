"""Eager against compiled against saved and loaded: the proof that a compiled module is the module.

`verify` runs copies of a module side by side, on the given inputs and on others made from them, in training and in
evaluation, several calls in a row, with gradients and exported methods. The module itself is left as it is.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import torch

from scriptkit import switches
from scriptkit.arguments import positional, required_module
from scriptkit.compiling.plan import trees
from scriptkit.engines.torchscript.engine import errors, files
from scriptkit.engines.torchscript.engine.making import exported_methods, parts_in
from scriptkit.errors import ScriptkitError, VerificationError
from scriptkit.live.comparison import Difference, Tolerance, compare
from scriptkit.live.copies import buffers_restored, copy_tree, random_states_kept, with_fresh_tensors
from scriptkit.live.nested import flatten, restored
from scriptkit.live.recorded_calls import record_examples
from scriptkit.live.variations import Example, perturbations
from scriptkit.runtime.compiled import CompiledModule, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor, nn


Form = Literal["compiled", "loaded"]
CALLS_IN_A_ROW = 3
FIRST_CALLS = tuple(f"call {number + 1}" for number in range(CALLS_IN_A_ROW))


@dataclass(frozen=True)
class Comparison:
    """One comparison of eager results with those of one compiled form."""

    form: Form
    method: str
    training: bool
    inputs: str
    differences: tuple[Difference, ...] = ()
    refused: str = ""

    def __str__(self) -> str:
        mode = "train" if self.training else "eval"
        what = "; ".join(f"{d.path}: {d.what}" for d in self.differences) or "equal"
        return f"{self.form} {self.method} ({mode}, {self.inputs}): {what}"


@dataclass(frozen=True)
class VerificationReport:
    """What was compared and what came out; `str()` is readable, `as_json()` is for tools.

    `skipped` names what could not be compared and why, `first_submodule` the first submodule that differs by itself.
    """

    class_name: str
    comparisons: tuple[Comparison, ...]
    skipped: tuple[str, ...] = ()
    first_submodule: str | None = None

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """The comparisons that found a difference."""
        return tuple(one for one in self.comparisons if one.differences)

    @property
    def passed(self) -> bool:
        """True where nothing differs and something was compared."""
        return bool(self.comparisons) and not self.failures

    @property
    def largest_difference(self) -> float:
        """The largest difference of two numbers beyond the tolerance; 0.0 where nothing differs."""
        return max((d.largest for one in self.failures for d in one.differences), default=0.0)

    def __str__(self) -> str:
        verdict = "is the same" if self.passed else "differs"
        lines = [
            f"{self.class_name} {verdict}: {len(self.comparisons)} comparisons, {len(self.failures)} with differences"
        ]
        lines += [f"  {one}" for one in self.failures]
        if self.first_submodule is not None:
            lines.append(f"  first submodule whose output differs: {self.first_submodule or '(the module itself)'}")
        return "\n".join([*lines, *(f"  not compared: {text}" for text in self.skipped)])

    def as_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps(asdict(self) | {"passed": self.passed}, indent=2)


def verify(
    m: nn.Module,
    example_inputs: Sequence[Any],
    *,
    example_kwargs: dict[str, Any] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> VerificationReport:
    """Compare eager, compiled, and saved-and-loaded results of a module.

    Inputs the module itself refuses are skipped. Without `rtol` and `atol` the tolerance depends on the dtype, and
    integers must be equal.

    Raises:
        VerificationError: with the report, if anything differs.
        CompilationError: the module does not compile.
    """
    module = required_module(m)
    if hasattr(type(module), "__scriptkit_source__"):
        return _verify_exported(module, positional(example_inputs), example_kwargs, rtol, atol)
    example = Example.of(positional(example_inputs), example_kwargs or {})
    report = _Verification(module, example, Tolerance(rtol, atol)).report()
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
    eager = copy_tree(m).train(mode)
    comparisons, skipped = [], []
    for name, one in [("the inputs", example), *((c.name, c.example) for c in perturbations(example))]:
        change = one.changed(name, one.tensors)
        try:
            with switches.eager(), torch.no_grad():
                expected = _call(eager, "forward", change.args, change.kwargs)
        except Exception as error:  # noqa: BLE001  # whatever eager code refuses says nothing of the file
            skipped += [f"{name}: eager code raises {_told(error)}"] if one is example else []
            continue
        try:
            with torch.no_grad():
                actual = restored(flatten(expected)[1], _call(loaded, "forward", change.args, change.kwargs))
            found = compare(expected, actual, Tolerance(rtol, atol))
        except Exception as error:  # noqa: BLE001  # any error of the file is a difference
            if one is not example and _is_refusal(error):
                skipped.append(f"{name}: {_told(error)}")
                continue
            found = [Difference("call", f"the file raises {_told(error)}")]
        comparisons.append(Comparison("loaded", "forward", mode, name, tuple(found)))
    return VerificationReport(type(m).__name__, tuple(comparisons), tuple(skipped))


@dataclass
class _Pair:
    """A copy run eagerly and one compiled form of another copy, from the same state."""

    form: Form
    training: bool
    eager: nn.Module
    compiled: nn.Module

    def told(self, method: str, inputs: str, differences: Sequence[Difference]) -> Comparison:
        """The outcome of one comparison."""
        return Comparison(self.form, method, self.training, inputs, tuple(differences))


@dataclass
class _Verification:
    """One verification while it goes on."""

    module: nn.Module
    example: Example
    tolerance: Tolerance
    comparisons: list[Comparison] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def is_mixed(self) -> bool:
        """Whether the module has compiled forms that no copy takes along."""
        return isinstance(self.module, CompiledModule) or any(parts_in(self.module))

    def report(self) -> VerificationReport:
        for training in self._training_modes():
            for form in ("compiled", "loaded"):
                self._compare_mode(form, training=training)
        failed = next((one for one in self.comparisons if one.differences and one.method == "forward"), None)
        first = None if failed is None else self._first_differing(training=failed.training)
        name = type(self.module).__name__
        return VerificationReport(name, tuple(self.comparisons), tuple(dict.fromkeys(self.skipped)), first)

    def _compare_mode(self, form: Form, *, training: bool) -> None:
        self._compare_calls(self._pair(form, training=training))
        self._compare_gradients(self._pair(form, training=training))
        for change in perturbations(self.example, large=self.example.is_large):
            self._compare_call(self._pair(form, training=training), change.name, change.example)
        self._compare_methods(form, training=training)

    def _training_modes(self) -> list[bool]:
        modes = list(dict.fromkeys((self.module.training, False, True)))
        eval_only = _eval_only(self.module)
        if eval_only:
            self.skipped.append(f"training: {eval_only}")
            return [False]
        return modes

    def _pair(self, form: Form, *, training: bool) -> _Pair:
        made = self.module
        eager = copy_tree(source_of(made))
        if self.is_mixed:  # a copy of traces is made by writing and reading them
            compiled: nn.Module = _reloaded(made).train(training)
        else:
            compiled = copy_tree(made)
        if made.training != training:
            eager.train(training)
            compiled.train(training)
        if form == "loaded" and not self.is_mixed:
            compiled = _reloaded(compiled)
        return _Pair(form, training, eager, trees.callable_form(compiled))

    # ---- the comparisons

    def _compare_calls(self, pair: _Pair) -> None:
        """Several calls in a row, and what they leave behind."""
        for name in FIRST_CALLS:
            if not self._compare_call(pair, name, self.example):
                return
        ours, theirs = pair.eager.state_dict(), pair.compiled.state_dict()
        if ours.keys() == theirs.keys():
            found = compare(dict(ours), dict(theirs), self.tolerance, "state")
            self.comparisons.append(pair.told("forward", "state after the calls", found))

    def _compare_call(self, pair: _Pair, name: str, example: Example, method: str = "forward") -> bool:
        """Compare one call; False where eager code refuses it."""
        change = example.changed(name, example.tensors)
        try:
            with switches.eager(), torch.no_grad():
                expected = _call(pair.eager, method, change.args, change.kwargs)
        except Exception as error:  # noqa: BLE001  # whatever eager code refuses says nothing of the compiled form
            if name in FIRST_CALLS or method != "forward":
                self.skipped.append(f"{method}: eager code raises {_told(error)}")
            return False
        try:
            with torch.no_grad():
                actual = _call(pair.compiled, method, change.args, change.kwargs)
            if self.is_mixed:
                actual = restored(flatten(expected)[1], actual)
            found = compare(expected, actual, self.tolerance)
        except Exception as error:  # noqa: BLE001  # any error of the compiled form is a difference
            if name not in FIRST_CALLS and _is_refusal(error):
                self.skipped.append(f"{name}: {_told(error)}")
                return False
            found = [Difference("call", f"the {pair.form} form raises {_told(error)}")]
        self.comparisons.append(pair.told(method, name, found))
        return True

    def _compare_gradients(self, pair: _Pair) -> None:
        try:
            with switches.eager():
                expected = _gradients(pair.eager, self.example)
        except Exception as error:  # noqa: BLE001  # a module that cannot be differentiated has no gradients to compare
            self.skipped.append(f"gradients: eager code raises {_told(error)}")
            return
        if self.is_mixed:
            expected = {name: gradient for name, gradient in expected.items() if name.startswith("argument")}
        try:
            found = compare(expected, self._compiled_gradients(pair, expected), self.tolerance, "gradient")
        except Exception as error:  # noqa: BLE001  # any error of the compiled form is a difference
            found = [Difference("gradient", f"the {pair.form} form raises {_told(error)}")]
        self.comparisons.append(pair.told("forward", "gradients", found))

    def _compiled_gradients(self, pair: _Pair, expected: dict[str, Tensor | None]) -> dict[str, Tensor | None]:
        """In a mixed form parameters have longer names; there, the gradients of the inputs are compared."""
        found = _gradients(pair.compiled, self.example)
        return {name: found[name] for name in expected} if self.is_mixed else found

    def _compare_methods(self, form: Form, *, training: bool) -> None:
        """Exported methods, called without arguments or with those of `forward`, whichever they take."""
        nothing = Example.of((), {})
        source = source_of(self.module)
        for name in exported_methods(type(source)):
            if not hasattr(self._pair(form, training=training).compiled, name):
                self.skipped.append(f"{name}: the {form} form is a trace or lowered, and holds `forward` only")
                continue
            compared = (
                self._compare_call(self._pair(form, training=training), "the example", one, name)
                for one in (nothing, self.example)
            )
            if any(compared):
                self.skipped = [text for text in self.skipped if not text.startswith(f"{name}: ")]

    def _first_differing(self, *, training: bool) -> str | None:
        """The path of the first submodule, in the order in which they finish, that differs when compiled alone."""
        copy = copy_tree(source_of(self.module))
        copy.train(training)
        change = self.example.changed("", self.example.tensors)
        with switches.eager():
            recorded = record_examples(copy, change.args, change.kwargs)
        for path in sorted(
            recorded, key=lambda path: (-path.count("."), list(recorded).index(path)) if path else (1, 0)
        ):
            part = copy.get_submodule(path)
            if any(_differs(part, call.args, call.kwargs, self.tolerance) for call in recorded[path]):
                return path
        return None


def _eval_only(module: nn.Module) -> str:
    """Why a module is compiled for evaluation only; empty where it is not."""
    if isinstance(module, CompiledModule):
        return module.eval_only
    reasons = (part.eval_only for _, _, part in parts_in(module))
    return next(filter(None, reasons), "")


def _reloaded(module: nn.Module) -> nn.Module:
    return files.load_bytes(files.serialise(trees.complete(module)), None)


def _is_refusal(error: BaseException) -> bool:
    """Whether a trace says that it was not recorded for such inputs, which is no wrong answer."""
    is_told = getattr(error, "refuses_call", False) or "traced for" in str(error)
    return is_told or errors.failed_check(error) is not None


def _call(module: Callable[..., Any], method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    own_args, own_kwargs = with_fresh_tensors((args, kwargs))
    run: Callable[..., Any] = module if method == "forward" else getattr(module, method)
    with random_states_kept(seed=1):
        return with_fresh_tensors(run(*own_args, **own_kwargs))


def _differs(part: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], tolerance: Tolerance) -> bool:
    try:
        with switches.eager(), torch.no_grad():
            expected = _call(copy_tree(part), "forward", args, kwargs)
        compiled = trees.callable_form(trees.complete(copy_tree(part)))
        with torch.no_grad():
            return bool(compare(expected, _call(compiled, "forward", args, kwargs), tolerance))
    except (ScriptkitError, RuntimeError):
        return False  # what does not compile alone cannot be blamed alone


def _gradients(module: nn.Module, example: Example) -> dict[str, Tensor | None]:
    """The gradients of inputs and parameters for the sum of all outputs, by name."""
    inputs = [t.detach().clone().requires_grad_(t.is_floating_point() or t.is_complex()) for t in example.tensors]
    change = example.changed("", inputs)
    wanted = {f"argument tensor {n}": t for n, t in enumerate(inputs)} | dict(module.named_parameters())
    wanted = {name: tensor for name, tensor in wanted.items() if tensor.requires_grad}
    with random_states_kept(seed=1), torch.enable_grad():
        outputs, _ = flatten(module(*change.args, **change.kwargs))
        total = [t.abs().sum() if t.is_complex() else t.sum() for t in outputs if t.requires_grad]
        if not total or not wanted:
            return dict.fromkeys(wanted)
        found = torch.autograd.grad(sum(t.double() for t in total), list(wanted.values()), allow_unused=True)  # type: ignore[arg-type]
    return dict(zip(wanted, found, strict=True))


def _told(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[-1].strip()}" if lines else type(error).__name__
