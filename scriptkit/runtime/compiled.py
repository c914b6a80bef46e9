"""`scriptkit.compile`: any `nn.Module`, compiled as a whole or part by part, still trained and moved as before."""

from __future__ import annotations

import functools
import inspect
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit import log, switches
from scriptkit.arguments import positional, required_module
from scriptkit.compile_report import CompileReport, ReportRow
from scriptkit.compiling.boundary.signature import Entry
from scriptkit.compiling.chosen.bound_lowered import bound_form
from scriptkit.compiling.chosen.choice import LoweredChoice, ScriptChoice, TraceChoice
from scriptkit.compiling.plan.choosing import Chooser
from scriptkit.compiling.plan.subject import Subject
from scriptkit.compiling.plan.trees import complete, to_torchscript
from scriptkit.engines.interface import BringsTorchScript
from scriptkit.engines.torchscript.engine import making, thread
from scriptkit.engines.torchscript.engine.errors import CALL_ERRORS, python_error
from scriptkit.engines.torchscript.engine.making import is_export
from scriptkit.engines.torchscript.engine.thread import LOCK
from scriptkit.errors import CompilationError, ScriptkitError, ScriptkitWarning
from scriptkit.live.undoing import nothing_left
from scriptkit.runtime.gate import NOT_WORTH_A_WORD, EagerCalls, may_make_tensors, reason_for_eager
from scriptkit.runtime.runtime import Runtime

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

    from scriptkit.compiling.chosen.choice import Choice

_OWN = {
    *vars(nn.Module()),
    *("_choosing", "_choice", "_calls", "_pending", "_not_lowered_again", "_eager_calls"),
}
_SHARED = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")


def compile(
    module: nn.Module,
    example_inputs: Sequence[Any] | None = None,
    *,
    example_kwargs: dict[str, Any] | None = None,
    modes: Mapping[str, str] | None = None,
    allow_baked: Mapping[str, str] | None = None,
) -> CompiledModule:
    """Compile a module nobody wrote for scriptkit: from its source, else lowered to one that scripts, else traced.

    `modes` maps paths or patterns of paths ("backbone.*") to "script", "lowered" or "trace". `allow_baked` maps a kind
    of hazard ("baked-shape") or a line ("model.py:12") to the reason for which a trace may bake it in.

    Without example inputs a module that does not script stays pending until its first call.

    Raises:
        CompilationError: it does not script, and there is nothing to trace it with.
        TraceHazardError: it does not script, and a trace would bake in a value, with all such places.
    """
    examples = None if example_inputs is None else (positional(example_inputs), dict(example_kwargs or {}))
    return CompiledModule(required_module(module), examples, modes, allow_baked)


class CompiledModule(BringsTorchScript):
    """A module that runs compiled. Its parameters, buffers and submodules are those of the module it was made from."""

    __module__ = "scriptkit"  # the name that pickles hold: the file may move

    def __init__(
        self,
        module: nn.Module,
        examples: tuple[tuple[Any, ...], dict[str, Any]] | None,
        modes: Mapping[str, str] | None,
        allow_baked: Mapping[str, str] | None,
    ) -> None:
        self.__dict__.update(_inner=(module,))
        super().__init__()
        for name in _SHARED:
            self.__dict__[name] = module.__dict__[name]
        self.training = module.training
        self._choosing = (modes, allow_baked)
        self._choice: Choice | None = None
        self._calls: _Calls | None = None
        self._pending = ""
        self._not_lowered_again: dict[str, str] = {}
        self._eager_calls = EagerCalls()
        if not switches.is_disabled():
            self._compile(examples)

    @property
    def inner(self) -> Any:
        """The module this one was made from; whatever that has of this name itself comes first."""
        module = source_of(self)
        return module.inner if hasattr(module, "inner") else module

    def __getattr__(self, name: str) -> Any:
        """Whatever else the module has: its attributes, its methods."""
        if name.startswith("__") or "_inner" not in self.__dict__:
            raise AttributeError(name)
        value = getattr(source_of(self), name)
        if self._calls is None or not is_export(inspect.getattr_static(type(source_of(self)), name, None)):
            return value
        return functools.partial(self._call_exported, name, value)

    def _call_exported(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a method marked as exported: compiled where the form has it, else as Python, told and counted."""
        assert self._calls is not None  # noqa: S101 - asked before
        if isinstance(self._calls, _ScriptedCalls) and inspect.ismethod(method):
            return self._calls.runtime.call_exported(method.__func__, source_of(self), args, kwargs)
        reason = NOT_WORTH_A_WORD if switches.is_eager() else f"its exported method `{name}` is in no compiled form"
        return self._eager_calls.run(type(source_of(self)).__name__, reason, lambda: method(*args, **kwargs))

    def __setattr__(self, name: str, value: Any) -> None:
        """An attribute set here is set on the module."""
        if name in _OWN:
            self.__dict__[name] = value
        else:
            setattr(source_of(self), name, value)

    def __delattr__(self, name: str) -> None:
        """An attribute deleted here is deleted from the module."""
        if name in self.__dict__:
            super().__delattr__(name)
        else:
            delattr(source_of(self), name)

    def __reduce__(self) -> Any:
        """A copy, or what is read from a pickle, waits for its first call where it needs inputs."""
        return CompiledModule, (source_of(self), None, *self._choosing)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(source_of(self).forward)

    def _compile(self, examples: tuple[tuple[Any, ...], dict[str, Any]] | None) -> None:
        lazy = [path or "the whole" for path, part in source_of(self).named_modules() if making.has_lazy_tensors(part)]
        if lazy:
            self._pending = f"`{'`, `'.join(lazy)}` has no shapes before its first call"
            return
        try:
            with LOCK, making.type_store_unchanged_on_failure(), nothing_left(source_of(self)):
                subject = Subject(source_of(self), examples, *self._choosing, complete=complete)
                self._choice = Chooser(subject).choose()
        except CompilationError as error:
            if examples is not None:
                raise
            self._pending = f"it needs example inputs to be traced: {error.headline}"
            return
        self._pending = ""
        choice = self._choice
        if isinstance(choice, ScriptChoice) and choice.in_no_file:
            message = f"{type(source_of(self)).__name__} cannot be saved: {choice.in_no_file}"
            warnings.warn(message, ScriptkitWarning, stacklevel=4)
        is_whole = isinstance(choice, ScriptChoice) and choice.is_whole
        self._calls = (
            _ScriptedCalls(source_of(self), self._eager_calls) if is_whole else _BoundCalls(source_of(self), choice)
        )
        lost = methods_lost(source_of(self), choice.form)
        if lost:
            warnings.warn(told_of_lost(source_of(self), lost), ScriptkitWarning, stacklevel=4)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run compiled; where that is impossible, run the Python code, say so once, and count it."""
        calls = self._calls
        if calls is None and self._pending and not switches.is_eager():
            result = source_of(self)(*args, **kwargs)
            self._compile((args, kwargs))
            return result
        if calls is None or switches.is_eager():
            return source_of(self)(*args, **kwargs)
        reason = calls.reason_for_eager(args, kwargs)
        if reason is not None and calls.may_be_lowered_again() and not any(map(_is_lazy, self.parameters())):
            calls = self._lower_again(reason, args, kwargs)
            reason = calls.reason_for_eager(args, kwargs)
        if reason is None:
            return calls(*args, **kwargs)
        return self._eager_calls.run(type(source_of(self)).__name__, reason, lambda: source_of(self)(*args, **kwargs))

    def _lower_again(self, changed: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Calls:
        """A static fact changed: what was lowered is lowered again, once for each change that leaves it impossible."""
        assert self._calls is not None  # noqa: S101 - they were asked
        if changed not in self._not_lowered_again:
            log.bind.debug("%s is lowered again: %s", type(source_of(self)).__name__, changed)
            try:
                subject = Subject(source_of(self), (args, kwargs), *self._choosing, complete=complete)
                with nothing_left(source_of(self)):
                    self._choice = Chooser(subject).lower_again()
                self._calls = _BoundCalls(source_of(self), self._choice)
            except CompilationError as error:
                self._not_lowered_again[changed] = error.headline
        return self._calls

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The state of the module, as its own hooks and overrides give it."""
        return source_of(self).state_dict(*args, **kwargs)

    def load_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Load a state as the module does."""
        return source_of(self).load_state_dict(*args, **kwargs)

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        return source_of(self)._load_from_state_dict(*args, **kwargs)

    def train(self, mode: bool = True) -> CompiledModule:  # noqa: FBT001, FBT002  # torch's signature
        """Set training mode; raises `ScriptkitError` where a trace holds for evaluation only."""
        choice = self._choice
        if mode and choice is not None and choice.eval_only:
            message = f"{type(source_of(self)).__name__} was compiled for evaluation only: {choice.eval_only}"
            raise ScriptkitError(f"{message}; train the module it was made from, and compile that again for evaluation")
        source_of(self).train(mode)
        self.training = mode
        return self

    @property
    def eager_calls(self) -> Counter[str]:
        """How often a call ran as Python, by reason."""
        return self._eager_calls.counts

    @property
    def is_compiled(self) -> bool:
        """Whether a call runs compiled code; False while the module waits for its first call."""
        return self._calls is not None

    @property
    def eval_only(self) -> str:
        """Why the module cannot be trained compiled; empty where it can."""
        return self._choice.eval_only if self._choice is not None else ""

    @property
    def code(self) -> Any:
        """The compiled program as text; an attribute `code` of the module itself wins."""
        if hasattr(source_of(self), "code"):
            return source_of(self).code
        if isinstance(self._choice, LoweredChoice):
            return self._choice.program.code
        return self.__scriptkit_torchscript__().code

    @property
    def fixed_dimensions(self) -> dict[str, list[int]]:
        """By parameter of `forward`, the dimensions that must be as in the example inputs, because a trace says so."""
        traces = self._choice.traces.values() if isinstance(self._choice, TraceChoice) else ()
        found: dict[str, list[int]] = {}
        for call in traces:
            names = Entry(call.inputs, call.forward, "traced").names
            for number, fact in enumerate(call.facts):
                if fact.sizes:
                    found[names[number]] = sorted(dimension for dimension, _ in fact.sizes)
        return found

    def __scriptkit_report__(self) -> CompileReport:
        """The rows of `scriptkit.report`."""
        if self._choice is not None:
            return CompileReport(tuple(self._choice.rows), dict(self.eager_calls))
        mode, reason = ("pending", self._pending) if self._pending else ("eager", "scriptkit is switched off")
        row = ReportRow("", type(source_of(self)).__name__, "pending" if mode == "pending" else "eager", reason)
        return CompileReport((row,), dict(self.eager_calls))

    def __scriptkit_torchscript__(self) -> torch.jit.ScriptModule:
        """What `scriptkit.to_torchscript` and `save` take."""
        if self._choice is None or self._calls is None:
            message = (
                f"{type(source_of(self)).__name__} is not compiled yet: {self._pending or 'scriptkit is switched off'}"
            )
            raise CompilationError(f"{message}; pass `example_inputs` to `compile`, or call the module once")
        return self._calls.complete()

    def __repr__(self) -> str:
        return f"CompiledModule({source_of(self)!r})"


def source_of(module: nn.Module) -> nn.Module:
    """What a compiled module was made from; any other module is its own source."""
    source: nn.Module = module.__dict__["_inner"][0] if isinstance(module, CompiledModule) else module
    return source


def is_scripted(module: CompiledModule) -> bool:
    """Whether its own source is what runs compiled, with nothing traced or lowered in it."""
    return isinstance(module._calls, _ScriptedCalls)


def called_as_scripted(life: nn.Module) -> Callable[..., Any]:
    """Calls a life of a module as the compiled module is called where `is_scripted`."""
    return _ScriptedCalls(life, EagerCalls())


def methods_lost(module: nn.Module, form: torch.jit.ScriptModule) -> list[str]:
    """The exported methods of a module that a form of it lacks."""
    return [name for name in making.exported_methods(type(module)) if not hasattr(form, name)]


def told_of_lost(module: nn.Module, lost: list[str]) -> str:
    """What is said of exported methods that no file of a module has."""
    spoken = ", ".join(f"`{name}`" for name in lost)
    hidden = set(lost) & set(vars(module))
    why = (
        "an attribute of the same name hides it"
        if hidden
        else "the module does not script, only its `forward` is compiled"
    )
    what = f"exported method{'s' if len(lost) > 1 else ''} {spoken} of {type(module).__name__}"
    return f"{what}: in no file, and Python here: {why}; to keep them, make the module script or write a subclass"


def _is_lazy(parameter: nn.Parameter) -> bool:
    return torch.nn.parameter.is_lazy(parameter)


class _Calls:
    """How a compiled module is called."""

    def reason_for_eager(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """The reason for which this call must run as Python."""
        raise NotImplementedError

    def may_be_lowered_again(self) -> bool:
        """Whether the reason is a change of what a lowered program took for granted."""
        return False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run compiled."""
        raise NotImplementedError

    def complete(self) -> torch.jit.ScriptModule:
        """The form a file holds."""
        raise NotImplementedError


class _ScriptedCalls(_Calls):
    """The whole module scripts: the runtime of scriptable modules binds a twin before each call."""

    def __init__(self, module: nn.Module, eager_calls: EagerCalls) -> None:
        self.module = module
        self.runtime = Runtime(module, eager_calls=eager_calls)
        self.runtime.make_twin(module)

    def reason_for_eager(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:  # noqa: ARG002
        return None  # the runtime asks, and runs the module as Python where it must

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.runtime.call(self.module, args, kwargs)

    def complete(self) -> torch.jit.ScriptModule:
        return to_torchscript(self.module)


class _BoundCalls(_Calls):
    """Traces, a lowered program, or scripted code round them: tensors are bound before each call."""

    def __init__(self, module: nn.Module, choice: Choice) -> None:
        self.module = module
        self.choice = choice
        self.bound = bound_form(module, choice)

    def reason_for_eager(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        reason = reason_for_eager(args, kwargs, may_make_tensors)
        return self.bound.why_eagerly() if reason is None else reason

    def may_be_lowered_again(self) -> bool:
        return self.choice.mode == "lowered" and self.bound.is_outdated() and not thread.why_eagerly()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.bound.bind()
        try:
            return self.choice.call(args, kwargs, training=self.module.training)
        except CALL_ERRORS as error:
            forward = inspect.unwrap(type(self.module).forward)
            raise python_error(error, forward, "forward", (self.module, *args), kwargs) from None
        finally:
            self.bound.pull_back()

    def complete(self) -> torch.jit.ScriptModule:
        reason = self.bound.why_in_no_file()
        if reason is not None:
            message = f"{type(self.module).__name__} cannot become TorchScript as it is: {reason}"
            raise CompilationError(f"{message}; undo that, or call the module once: where it can, it is compiled again")
        self.bound.bind()
        return self.choice.form
