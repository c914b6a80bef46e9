"""`scriptkit.compile`: any `nn.Module`, compiled as a whole or part by part, still trained and moved as before."""

from __future__ import annotations

import contextlib
import functools
import inspect
import types
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit import log, switches
from scriptkit.arguments import positional, required_module
from scriptkit.compile_report import CompileReport, ReportRow
from scriptkit.compiling.boundary.signature import Entry
from scriptkit.compiling.chosen.choice import LoweredChoice, ScriptChoice, TraceChoice
from scriptkit.compiling.plan.choosing import Chooser
from scriptkit.compiling.plan.subject import Subject
from scriptkit.compiling.plan.trees import complete
from scriptkit.engines.interface import BringsTorchScript
from scriptkit.engines.torchscript.engine import making, thread
from scriptkit.engines.torchscript.engine.making import is_export
from scriptkit.engines.torchscript.engine.thread import LOCK
from scriptkit.errors import CompilationError, ScriptkitError, ScriptkitWarning, TraceHazardError
from scriptkit.live.arrived_text import settle_classes
from scriptkit.live.hooks import HOOKS
from scriptkit.live.nested import field_names
from scriptkit.live.other_processes import why_no_trial
from scriptkit.live.sent_text import KEY as TEXT
from scriptkit.live.sent_text import SentText, is_sent_by_value
from scriptkit.live.steady import ChangingError, made_of_one_state
from scriptkit.live.undoing import nothing_left
from scriptkit.runtime.class_of_compiled import class_for
from scriptkit.runtime.gate import NOT_WORTH_A_WORD, EagerCalls, may_make_tensors, reason_for_eager
from scriptkit.runtime.lost_methods import methods_lost, told_of_lost
from scriptkit.runtime.outgrown import Outgrown
from scriptkit.runtime.runtime import pinned
from scriptkit.runtime.ways_to_call import OutgrownError, ScriptedCalls, calls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scriptkit.compiling.chosen.choice import Choice
    from scriptkit.runtime.ways_to_call import Calls

_OWN = {
    *vars(nn.Module()),
    *(
        "__scriptkit_choosing__",
        "__scriptkit_choice__",
        "__scriptkit_calls__",
        "__scriptkit_pending__",
        "__scriptkit_was_compiled__",
        "__scriptkit_as_python_now__",
        "__scriptkit_changes__",
        "__scriptkit_eager_calls__",
    ),
}
_SHARED = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")
MOST_CHOICES_FOR_A_CHANGE = 32


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

    def __new__(cls, module: nn.Module, *_: Any) -> CompiledModule:  # noqa: PYI034 - one of a class of its own
        """An object of the class for the class of the module."""
        return super().__new__(class_for(CompiledModule, type(module)))

    def __init__(
        self,
        module: nn.Module,
        examples: tuple[tuple[Any, ...], dict[str, Any]] | None,
        modes: Mapping[str, str] | None,
        allow_baked: Mapping[str, str] | None,
    ) -> None:
        self.__dict__.update(__scriptkit_inner__=(module,))
        super().__init__()
        for name in _SHARED:
            self.__dict__[name] = module.__dict__[name]
        self.training = module.training
        self.__scriptkit_choosing__ = (modes, allow_baked)
        self.__scriptkit_choice__: Choice | None = None
        self.__scriptkit_calls__: Calls | None = None
        self.__scriptkit_pending__ = ""
        self.__scriptkit_was_compiled__ = False
        self.__scriptkit_as_python_now__: Outgrown | None = None
        self.__scriptkit_changes__: Counter[str] = Counter()
        self.__scriptkit_eager_calls__ = EagerCalls()
        if not switches.is_disabled():
            self._compile(examples)

    @property
    def inner(self) -> Any:
        """The module this one was made from; whatever that has of this name itself comes first."""
        module = source_of(self)
        return module.inner if hasattr(module, "inner") else module

    def __getattr__(self, name: str) -> Any:
        """Whatever else the module has: its attributes, its methods."""
        if name.startswith("__") or "__scriptkit_inner__" not in self.__dict__:
            raise AttributeError(name)
        value = getattr(source_of(self), name)
        if self.__scriptkit_calls__ is None or not is_export(inspect.getattr_static(type(source_of(self)), name, None)):
            return value
        return functools.partial(self._call_exported, name, value)

    def _call_exported(self, name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a method marked as exported: compiled where the form has it, else as Python, told and counted."""
        assert self.__scriptkit_calls__ is not None  # noqa: S101 - asked before
        if isinstance(self.__scriptkit_calls__, ScriptedCalls) and inspect.ismethod(method):
            return self.__scriptkit_calls__.runtime.call_exported(method.__func__, source_of(self), args, kwargs, name)
        reason = NOT_WORTH_A_WORD if switches.is_eager() else f"its exported method `{name}` is in no compiled form"
        return self.__scriptkit_eager_calls__.run(
            type(source_of(self)).__name__, reason, lambda: method(*args, **kwargs)
        )

    def __setattr__(self, name: str, value: Any) -> None:
        """An attribute set here is set on the module, where its code reads it.

        What replaces `forward` is called instead of this module's, as with any other; functions that no code of the
        module knows, such as the earlier `forward` kept by who wraps it, stay here.
        """
        is_mine = name in _OWN or name == "forward" or (name.startswith("__") and name.endswith("__"))
        if is_mine or (_is_function(value) and not hasattr(source_of(self), name)):
            object.__setattr__(self, name, value)
        else:
            setattr(source_of(self), name, value)

    def __delattr__(self, name: str) -> None:
        """An attribute is deleted where it was set."""
        if name in self.__dict__:
            object.__delattr__(self, name)
        else:
            delattr(source_of(self), name)

    def __dir__(self) -> list[str]:
        """Its own names, and those of the module."""
        return sorted({*object.__dir__(self), *dir(source_of(self))})

    def __reduce__(self) -> Any:
        """A copy, or what is read from a pickle, waits for its first call where it needs inputs."""
        own = {
            name: value for name, value in self.__dict__.items() if name not in _OWN and name != "__scriptkit_inner__"
        }
        if self.__scriptkit_choice__ is not None:
            own["__scriptkit_was_compiled__"] = True
        foreign = {type(part) for part in source_of(self).modules() if is_sent_by_value(type(part))}
        if foreign:
            own[TEXT] = SentText(foreign)
        return CompiledModule, (source_of(self), None, *self.__scriptkit_choosing__), own

    def __setstate__(self, state: dict[str, Any]) -> None:
        text = state.pop(TEXT, None)
        if isinstance(text, SentText) and text.arrived is not None:
            settle_classes({type(part) for part in source_of(self).modules()}, text.arrived)
        self.__dict__.update(state)

    def __prepare_scriptable__(self) -> nn.Module:
        """What `torch.jit.script` compiles in the place of this module."""
        return making.standing_for(self.__scriptkit_torchscript__())

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(source_of(self).forward)

    def _compile(self, examples: tuple[tuple[Any, ...], dict[str, Any]] | None) -> None:
        if self._is_lazy():
            self.__scriptkit_pending__ = "lazy parameters have no shape before the first call"
            return
        try:
            self._choose_form(examples, again=False)
        except CompilationError as error:
            if examples is not None:
                raise
            self.__scriptkit_pending__ = f"it needs example inputs to be traced: {error.headline}"
            return
        choice = self.__scriptkit_choice__
        if isinstance(choice, ScriptChoice) and choice.in_no_file:
            message = f"{type(source_of(self)).__name__} cannot be saved: {choice.in_no_file}"
            warnings.warn(message, ScriptkitWarning, stacklevel=4)
        lost = methods_lost(source_of(self), choice.form) if choice is not None else []
        if lost:
            warnings.warn(told_of_lost(source_of(self), lost), ScriptkitWarning, stacklevel=4)

    def _choose(self, examples: tuple[tuple[Any, ...], dict[str, Any]] | None, *, again: bool) -> Choice:
        """Choose a form; what was lowered before is lowered again where that is possible."""
        module = source_of(self)
        with LOCK, making.type_store_unchanged_on_failure(), nothing_left(module, given=examples):
            subject = Subject(module, examples, *self.__scriptkit_choosing__, complete=complete)
            if again and isinstance(self.__scriptkit_choice__, LoweredChoice):
                with contextlib.suppress(CompilationError):
                    return Chooser(subject).lower_again()
            return Chooser(subject).choose()

    def _choose_form(self, examples: tuple[tuple[Any, ...], dict[str, Any]] | None, *, again: bool) -> None:
        """Choose a form, and bind it to the module, which another thread may be changing."""
        module = source_of(self)

        def chosen() -> tuple[Choice, Calls]:
            choice = self._choose(examples, again=again)
            return choice, calls_of(module, choice, self.__scriptkit_eager_calls__)

        choice, calls = made_of_one_state(module, chosen)
        (
            self.__scriptkit_choice__,
            self.__scriptkit_calls__,
            self.__scriptkit_pending__,
            self.__scriptkit_as_python_now__,
        ) = choice, calls, "", None

    def _is_lazy(self) -> bool:
        return any(map(making.has_lazy_tensors, source_of(self).modules()))

    def __scriptkit_settle__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Where the module waits for its first call, compile it as for this one."""
        if self.__scriptkit_calls__ is None and self.__scriptkit_pending__ and not switches.is_eager():
            self._compile((args, kwargs))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run compiled; where that is impossible, run the Python code, say so once, and count it."""
        calls = self.__scriptkit_calls__
        if torch.compiler.is_compiling() or switches.is_eager():
            return self._run_python(args, kwargs)
        if calls is None:
            return self._first_call(args, kwargs)
        reason = calls.reason_for_eager(args, kwargs)
        if reason is not None:
            return self._tell_and_run_python(reason, args, kwargs)
        try:
            as_python = self.__scriptkit_as_python_now__
            unfit = calls.why_unfit() if as_python is None else self._why_python_still(calls, as_python)
            return calls(*args, **kwargs) if unfit is None else self._call_otherwise(calls, unfit, args, kwargs)
        except OutgrownError as error:
            return self._call_outgrown(calls, error, args, kwargs)

    def _why_python_still(self, calls: Calls, as_python: Outgrown) -> str | None:
        """Where no form was right: whether one is now."""
        unfit = calls.why_unfit()
        if as_python.still_holds() and (unfit is not None or isinstance(calls, ScriptedCalls)):
            return as_python.reason
        self.__scriptkit_as_python_now__ = None
        return unfit

    def _run_python(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the code the module was written in; hooks that torch runs for every module ran round this one."""
        module = source_of(self)
        is_plain = type(module).__call__ is nn.Module.__call__ and type(module)._call_impl is nn.Module._call_impl
        if is_plain and not any(module.__dict__[name] for name in HOOKS):
            return module.forward(*args, **kwargs)
        return module(*args, **kwargs)

    def _tell_and_run_python(self, reason: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = type(source_of(self)).__name__
        return self.__scriptkit_eager_calls__.run(name, reason, lambda: self._run_python(args, kwargs))

    def _first_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A module that waits for inputs runs as Python, and is compiled with them."""
        result = self._run_python(args, kwargs)
        is_usual = reason_for_eager(args, kwargs, may_make_tensors) is None and not thread.dispatch_modes()
        if not self.__scriptkit_pending__ or not is_usual:
            return result
        others = self._why_no_trial()
        if others is not None:
            self.__scriptkit_pending__ = others
        elif self.__scriptkit_was_compiled__:
            self._choose_again("it is a copy of a module that was compiled", args, kwargs)
        else:
            self._compile((args, kwargs))
        return result

    def _why_no_trial(self) -> str | None:
        return why_no_trial(self) or why_no_trial(source_of(self))

    def _call_otherwise(self, calls: Calls, changed: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The form does not fit the module: another one is chosen; where there is none, it runs as Python."""
        if self.__scriptkit_as_python_now__ is None and calls.is_outgrown() and not thread.dispatch_modes():
            return self._call_with_another_form(calls, changed, args, kwargs)
        return self._tell_and_run_python(changed, args, kwargs)

    def _call_outgrown(self, calls: Calls, error: OutgrownError, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Nothing of the form was left when it was called: as above, without asking."""
        if self.__scriptkit_as_python_now__ is None and not thread.dispatch_modes():
            try:
                return self._call_with_another_form(calls, error.headline, args, kwargs)
            except OutgrownError as again:
                error = again
        return self._tell_and_run_python(error.headline, args, kwargs)

    def _call_with_another_form(self, calls: Calls, changed: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Choose another form, unless another thread did so while this one waited."""
        with LOCK:
            why = self._choose_again(changed, args, kwargs) if self.__scriptkit_calls__ is calls else None
            calls = self.__scriptkit_calls__ or calls
        why = why or calls.why_unfit()
        return calls(*args, **kwargs) if why is None else self._tell_and_run_python(why, args, kwargs)

    def _choose_again(self, changed: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Choose another form with the inputs of this call; where there is none, the reason to run as Python."""
        module = source_of(self)
        self.__scriptkit_changes__[changed] += 1
        why = self._why_no_trial()
        if why is None and self.__scriptkit_changes__[changed] > MOST_CHOICES_FOR_A_CHANGE:
            why = "it changed too often to choose another form each time"
        if why is None:
            how = "lowered" if isinstance(self.__scriptkit_choice__, LoweredChoice) else "compiled"
            log.bind.debug("%s is %s again: %s", type(module).__name__, how, changed)
            try:
                self._choose_form((args, kwargs), again=True)
            except ChangingError as error:
                return error.reason
            except (CompilationError, TraceHazardError) as error:
                why = f"no other form is right: {error.headline}"
            else:
                return None
        self.__scriptkit_as_python_now__ = Outgrown(module, f"{changed}, and {why}")
        return self.__scriptkit_as_python_now__.reason

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
        choice = self.__scriptkit_choice__
        if mode and choice is not None and choice.eval_only:
            message = f"{type(source_of(self)).__name__} was compiled for evaluation only: {choice.eval_only}"
            raise ScriptkitError(f"{message}; train the module it was made from, and compile that again for evaluation")
        source_of(self).train(mode)
        self.training = mode
        return self

    @property
    def eager_calls(self) -> Counter[str]:
        """How often a call ran as Python, by reason."""
        return self.__scriptkit_eager_calls__.counts

    @property
    def is_compiled(self) -> bool:
        """Whether a call runs compiled code; False while the module waits for its first call."""
        return self.__scriptkit_calls__ is not None and self.__scriptkit_as_python_now__ is None

    @property
    def eval_only(self) -> str:
        """Why the module cannot be trained compiled; empty where it can."""
        return self.__scriptkit_choice__.eval_only if self.__scriptkit_choice__ is not None else ""

    @property
    def code(self) -> Any:
        """The compiled program as text; an attribute `code` of the module itself wins."""
        if hasattr(source_of(self), "code"):
            return source_of(self).code
        if isinstance(self.__scriptkit_choice__, LoweredChoice):
            return self.__scriptkit_choice__.program.code
        return self.__scriptkit_torchscript__().code

    @property
    def fixed_dimensions(self) -> dict[str, list[int]]:
        """By parameter of `forward`, the dimensions that must be as in the example inputs, because a trace says so."""
        traces = self.__scriptkit_choice__.traces.values() if isinstance(self.__scriptkit_choice__, TraceChoice) else ()
        found: dict[str, list[int]] = {}
        for call in traces:
            names = Entry(call.inputs, call.forward, "traced").names
            for number, fact in enumerate(call.facts):
                if fact.sizes:
                    found[names[number]] = sorted(dimension for dimension, _ in fact.sizes)
        return found

    def __scriptkit_result_fields__(self) -> list[str]:
        """The names of the parts of the result, in the order of their class."""
        output = self.__scriptkit_choice__.output if self.__scriptkit_choice__ is not None else None
        names = field_names(output) if output is not None else ()
        return [name for name in names if isinstance(name, str)]

    def __scriptkit_report__(self) -> CompileReport:
        """The rows of `scriptkit.report`."""
        if self.__scriptkit_as_python_now__ is not None:
            return CompileReport(tuple(self.__scriptkit_as_python_now__.rows()), dict(self.eager_calls))
        if self.__scriptkit_choice__ is not None:
            return CompileReport(tuple(self.__scriptkit_choice__.rows), dict(self.eager_calls))
        mode, reason = (
            ("pending", self.__scriptkit_pending__)
            if self.__scriptkit_pending__
            else ("eager", "scriptkit is switched off")
        )
        row = ReportRow("", type(source_of(self)).__name__, "pending" if mode == "pending" else "eager", reason)
        return CompileReport((row,), dict(self.eager_calls))

    def __scriptkit_torchscript__(self) -> torch.jit.ScriptModule:
        """What `scriptkit.to_torchscript` and `save` take."""
        if "forward" in self.__dict__:
            message = f"{type(source_of(self)).__name__} cannot become TorchScript as it is: its `forward` was replaced"
            raise CompilationError(f"{message}; put the earlier `forward` back, or write a module round this one")
        if self.__scriptkit_choice__ is None or self.__scriptkit_calls__ is None:
            why = self.__scriptkit_pending__ or "scriptkit is switched off"
            message = f"{type(source_of(self)).__name__} is not compiled yet: {why}"
            way_out = (
                "call it once" if self._is_lazy() else "pass `example_inputs` to `compile`, or call the module once"
            )
            raise CompilationError(f"{message}; {way_out}")
        return self.__scriptkit_calls__.complete()

    def __scriptkit_pinned__(self) -> Callable[..., Any]:
        """What `scriptkit.pinned` gives."""
        self.__scriptkit_torchscript__()  # binds it, or says why it cannot be
        module, choice = source_of(self), self.__scriptkit_choice__
        if isinstance(self.__scriptkit_calls__, ScriptedCalls) or choice is None:
            return pinned(module)
        training = module.training
        return lambda *args, **kwargs: choice.call(args, kwargs, training=training)

    def __repr__(self) -> str:
        return f"CompiledModule({source_of(self)!r})"


def source_of(module: nn.Module) -> nn.Module:
    """What a compiled module was made from; any other module is its own source."""
    source: nn.Module = module.__dict__["__scriptkit_inner__"][0] if isinstance(module, CompiledModule) else module
    return source


def asked_of(module: nn.Module) -> dict[str, Any]:
    """The `modes` and `allow_baked` that a module was compiled with."""
    asked = module.__scriptkit_choosing__ if isinstance(module, CompiledModule) else (None, None)
    return dict(zip(("modes", "allow_baked"), asked, strict=True))


def _is_function(value: object) -> bool:
    kinds = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial)
    return isinstance(value, kinds)


def is_scripted(module: CompiledModule) -> bool:
    """Whether its own source is what runs compiled, with nothing traced or lowered in it."""
    return isinstance(module.__scriptkit_calls__, ScriptedCalls)


def called_as_scripted(life: nn.Module) -> Callable[..., Any]:
    """Calls a life of a module as the compiled module is called where `is_scripted`."""
    return ScriptedCalls(life, EagerCalls())
