"""The form that a foreign module was compiled to: chosen, waited for, and chosen again when the module changed."""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from scriptkit import log, switches
from scriptkit.compile_report import CompileReport, ReportRow
from scriptkit.compiling.chosen.bound_lowered import bound_form
from scriptkit.compiling.chosen.choice import LoweredChoice, ScriptChoice
from scriptkit.compiling.plan.choosing import Chooser
from scriptkit.compiling.plan.subject import Subject
from scriptkit.compiling.plan.trees import complete
from scriptkit.engines.torchscript.engine import making, thread
from scriptkit.engines.torchscript.engine.thread import LOCK
from scriptkit.errors import CompilationError, ScriptkitWarning, TraceHazardError
from scriptkit.live.hooks import HOOKS
from scriptkit.live.other_processes import why_no_trial
from scriptkit.live.steady import ChangingError, made_of_one_state
from scriptkit.live.undoing import nothing_left
from scriptkit.runtime.gate import NOT_WORTH_A_WORD, EagerCalls, may_make_tensors, reason_for_eager
from scriptkit.runtime.lost_methods import methods_lost, told_of_lost
from scriptkit.runtime.outgrown import Outgrown
from scriptkit.runtime.ways_to_call import BoundCalls, OutgrownError, ScriptedCalls, calls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scriptkit.compiling.chosen.choice import Choice
    from scriptkit.engines.interface import Part
    from scriptkit.runtime.ways_to_call import Calls

MOST_CHOICES_FOR_A_CHANGE: Final = 32
_LEVEL_OF_THE_USER: Final = 4  # round `compile` here: the constructor of the module, `scriptkit.compile`, its caller


class ChosenForm:
    """How one module runs: `calls` is None until a form was chosen, `pending` says what it waits for."""

    def __init__(
        self, module: nn.Module, holder: Callable[[], nn.Module | None], asked: tuple[Mapping[str, str] | None, ...]
    ) -> None:
        """`holder` gives the module that users call; `asked` are the `modes` and `allow_baked` they compile it with."""
        self.module = module
        self._holder = holder
        self.asked = asked
        self.choice: Choice | None = None
        self.calls: Calls | None = None
        self.pending = ""
        self.was_compiled = False
        self._part: tuple[Choice, Part] | None = None
        self._as_python_now: Outgrown | None = None
        self._changes: Counter[str] = Counter()
        self._eager_calls = EagerCalls()

    # ---------------------------------------------------------------- choosing

    def compile(self, examples: tuple[tuple[Any, ...], dict[str, Any]] | None) -> None:
        """Choose a form, or wait for the first call where that is what it takes."""
        if self.is_lazy:
            self.pending = "lazy parameters have no shape before the first call"
            return
        try:
            self._choose_form(examples, again=False)
        except CompilationError as error:
            if examples is not None:
                raise
            self.pending = f"it needs example inputs to be traced: {error.headline}"
            return
        if isinstance(self.choice, ScriptChoice) and self.choice.in_no_file:
            message = f"{self._name} cannot be saved: {self.choice.in_no_file}"
            warnings.warn(message, ScriptkitWarning, stacklevel=_LEVEL_OF_THE_USER)
        lost = methods_lost(self.module, self.choice.form) if self.choice is not None else []
        if lost:
            warnings.warn(told_of_lost(self.module, lost), ScriptkitWarning, stacklevel=_LEVEL_OF_THE_USER)

    def part(self) -> Part | None:
        """The form bound to the module, for code that is compiled round it; None until one was chosen."""
        if isinstance(self.calls, BoundCalls):
            return self.calls.bound
        if self.choice is None:
            return None
        if self._part is None or self._part[0] is not self.choice:  # its source scripts: called alone it has a twin
            self._part = self.choice, bound_form(self.module, self.choice)
        return self._part[1]

    def settle(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Where the module waits for its first call, or changed since it was compiled, compile it as for this one."""
        if switches.is_eager():
            return
        if self.calls is None and self.pending:
            self.compile((args, kwargs))
        elif (part := self.part()) is not None and part.is_outdated():
            self._choose_form((args, kwargs), again=True)

    def _choose(self, examples: tuple[tuple[Any, ...], dict[str, Any]] | None, *, again: bool) -> Choice:
        """Choose a form; what was lowered before is lowered again where that is possible."""
        with LOCK, making.type_store_unchanged_on_failure(), nothing_left(self.module, given=examples):
            subject = Subject(self.module, examples, *self.asked, complete=complete)
            if again and isinstance(self.choice, LoweredChoice):
                with contextlib.suppress(CompilationError):
                    return Chooser(subject).lower_again()
            return Chooser(subject).choose()

    def _choose_form(self, examples: tuple[tuple[Any, ...], dict[str, Any]] | None, *, again: bool) -> None:
        """Choose a form, and bind it to the module, which another thread may be changing."""

        def chosen() -> tuple[Choice, Calls]:
            choice = self._choose(examples, again=again)
            return choice, calls_of(self.module, choice, self._eager_calls)

        choice, calls = made_of_one_state(self.module, chosen)
        self.choice, self.calls, self.pending, self._as_python_now = choice, calls, "", None

    def _choose_again(self, changed: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Choose another form with the inputs of this call; where there is none, the reason to run as Python."""
        self._changes[changed] += 1
        why = self._why_no_trial()
        if why is None and self._changes[changed] > MOST_CHOICES_FOR_A_CHANGE:
            why = "it changed too often to choose another form each time"
        if why is None:
            how = "lowered" if isinstance(self.choice, LoweredChoice) else "compiled"
            log.bind.debug("%s is %s again: %s", self._name, how, changed)
            try:
                self._choose_form((args, kwargs), again=True)
            except ChangingError as error:
                return error.reason
            except (CompilationError, TraceHazardError) as error:
                why = f"no other form is right: {error.headline}"
            else:
                return None
        self._as_python_now = Outgrown(self.module, f"{changed}, and {why}")
        return self._as_python_now.reason

    def _why_no_trial(self) -> str | None:
        holder = self._holder()
        return (holder and why_no_trial(holder)) or why_no_trial(self.module)

    # ----------------------------------------------------------------- calling

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run compiled; where that is impossible, run the Python code, say so once, and count it."""
        calls = self.calls
        if torch.compiler.is_compiling() or switches.is_eager():
            return self._run_python(args, kwargs)
        if calls is None:
            return self._first_call(args, kwargs)
        reason = calls.reason_for_eager(args, kwargs)
        if reason is not None:
            return self._tell_and_run_python(reason, args, kwargs)
        try:
            as_python = self._as_python_now
            unfit = calls.why_unfit() if as_python is None else self._why_python_still(calls, as_python)
            return calls(*args, **kwargs) if unfit is None else self._call_otherwise(calls, unfit, args, kwargs)
        except OutgrownError as error:
            return self._call_outgrown(calls, error, args, kwargs)

    def call_exported(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a method marked as exported: compiled where the form has it, else as Python, told and counted."""
        if isinstance(self.calls, ScriptedCalls) and inspect.ismethod(method):
            return self.calls.runtime.call_exported(method.__func__, self.module, args, kwargs, name)
        reason = NOT_WORTH_A_WORD if switches.is_eager() else f"its exported method `{name}` is in no compiled form"
        return self._eager_calls.run(self._name, reason, functools.partial(method, *args, **kwargs))

    def _first_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A module that waits for inputs runs as Python, and is compiled with them."""
        result = self._run_python(args, kwargs)
        is_usual = reason_for_eager(args, kwargs, may_make_tensors) is None and not thread.dispatch_modes()
        if not self.pending or not is_usual:
            return result
        others = self._why_no_trial()
        if others is not None:
            self.pending = others
        elif self.was_compiled:
            self._choose_again("it is a copy of a module that was compiled", args, kwargs)
        else:
            self.compile((args, kwargs))
        return result

    def _why_python_still(self, calls: Calls, as_python: Outgrown) -> str | None:
        """Where no form was right: whether one is now."""
        unfit = calls.why_unfit()
        if as_python.still_holds() and (unfit is not None or isinstance(calls, ScriptedCalls)):
            return as_python.reason
        self._as_python_now = None
        return unfit

    def _call_otherwise(self, calls: Calls, changed: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The form does not fit the module: another one is chosen; where there is none, it runs as Python."""
        if self._as_python_now is None and calls.is_outgrown() and not thread.dispatch_modes():
            return self._call_with_another_form(calls, changed, args, kwargs)
        return self._tell_and_run_python(changed, args, kwargs)

    def _call_outgrown(self, calls: Calls, error: OutgrownError, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Nothing of the form was left when it was called: as above, without asking."""
        if self._as_python_now is None and not thread.dispatch_modes():
            try:
                return self._call_with_another_form(calls, error.headline, args, kwargs)
            except OutgrownError as again:
                error = again
        return self._tell_and_run_python(error.headline, args, kwargs)

    def _call_with_another_form(self, calls: Calls, changed: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Choose another form, unless another thread did so while this one waited."""
        with LOCK:
            why = self._choose_again(changed, args, kwargs) if self.calls is calls else None
            calls = self.calls or calls
        why = why or calls.why_unfit()
        return calls(*args, **kwargs) if why is None else self._tell_and_run_python(why, args, kwargs)

    def _run_python(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the code the module was written in; hooks that torch runs for every module ran round this one."""
        module = self.module
        is_plain = type(module).__call__ is nn.Module.__call__ and type(module)._call_impl is nn.Module._call_impl
        if is_plain and not any(module.__dict__[name] for name in HOOKS):
            return module.forward(*args, **kwargs)
        return module(*args, **kwargs)

    def _tell_and_run_python(self, reason: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._eager_calls.run(self._name, reason, lambda: self._run_python(args, kwargs))

    # ----------------------------------------------------------------- telling

    @property
    def _name(self) -> str:
        return type(self.module).__name__

    @property
    def is_lazy(self) -> bool:
        """Whether parameters have no shape yet."""
        return any(map(making.has_lazy_tensors, self.module.modules()))

    @property
    def is_compiled(self) -> bool:
        """Whether a call runs compiled code."""
        return self.calls is not None and self._as_python_now is None

    @property
    def eager_calls(self) -> Counter[str]:
        """How often a call ran as Python, by reason."""
        return self._eager_calls.counts

    def report(self) -> CompileReport:
        """The rows of `scriptkit.report`."""
        counts = dict(self.eager_calls)
        if self._as_python_now is not None:
            return CompileReport(tuple(self._as_python_now.rows()), counts)
        if self.choice is not None:
            return CompileReport(tuple(self.choice.rows), counts)
        if self.pending:
            return CompileReport((ReportRow("", self._name, "pending", self.pending),), counts)
        return CompileReport((ReportRow("", self._name, "eager", "scriptkit is switched off"),), counts)

    def torchscript(self) -> torch.jit.ScriptModule:
        """The form a file holds; raises `CompilationError` where there is none yet."""
        if self.choice is None or self.calls is None:
            message = f"{self._name} is not compiled yet: {self.pending or 'scriptkit is switched off'}"
            way_out = "call it once" if self.is_lazy else "pass `example_inputs` to `compile`, or call the module once"
            raise CompilationError(f"{message}; {way_out}")
        return self.calls.complete()
