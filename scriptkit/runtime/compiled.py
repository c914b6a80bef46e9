"""`scriptkit.compile`: any `nn.Module`, compiled as a whole or part by part, still trained and moved as before."""

from __future__ import annotations

import functools
import inspect
import types
import weakref
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import nn

from scriptkit import switches
from scriptkit.arguments import positional, required_module
from scriptkit.compiling.boundary.signature import Entry
from scriptkit.compiling.chosen.choice import LoweredChoice, TraceChoice
from scriptkit.engines.interface import BringsTorchScript, Part
from scriptkit.engines.torchscript.engine import making
from scriptkit.engines.torchscript.engine.making import is_export
from scriptkit.errors import CompilationError, ScriptkitError
from scriptkit.live.arrived_text import settle_classes
from scriptkit.live.nested import field_names
from scriptkit.live.sent_text import KEY as TEXT
from scriptkit.live.sent_text import SentText, is_sent_by_value
from scriptkit.runtime.chosen_form import ChosenForm
from scriptkit.runtime.class_of_compiled import class_for
from scriptkit.runtime.gate import EagerCalls
from scriptkit.runtime.runtime import pinned
from scriptkit.runtime.ways_to_call import ScriptedCalls

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

    from scriptkit.compile_report import CompileReport

_OWN: Final = {*vars(nn.Module()), "__scriptkit_inner__", "__scriptkit_chosen__"}
_WAS_COMPILED: Final = "__scriptkit_was_compiled__"  # in pickles
_SHARED: Final = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")


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
        self.__scriptkit_chosen__ = ChosenForm(module, weakref.ref(self), (modes, allow_baked))
        if not switches.is_disabled():
            self.__scriptkit_chosen__.compile(examples)

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
        form = self.__scriptkit_chosen__
        if form.calls is None or not is_export(inspect.getattr_static(type(source_of(self)), name, None)):
            return value
        return functools.partial(form.call_exported, name, value)

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
        form = self.__scriptkit_chosen__
        own = {name: value for name, value in self.__dict__.items() if name not in _OWN}
        if form.choice is not None:
            own[_WAS_COMPILED] = True
        foreign = {type(part) for part in source_of(self).modules() if is_sent_by_value(type(part))}
        if foreign:
            own[TEXT] = SentText(foreign)
        return CompiledModule, (source_of(self), None, *form.asked), own

    def __setstate__(self, state: dict[str, Any]) -> None:
        text = state.pop(TEXT, None)
        if isinstance(text, SentText) and text.arrived is not None:
            settle_classes({type(part) for part in source_of(self).modules()}, text.arrived)
        self.__scriptkit_chosen__.was_compiled = state.pop(_WAS_COMPILED, False)
        self.__dict__.update(state)

    def __prepare_scriptable__(self) -> nn.Module:
        """What `torch.jit.script` compiles in the place of this module."""
        return making.standing_for(self.__scriptkit_torchscript__())

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(source_of(self).forward)

    def __scriptkit_settle__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Where the module waits for its first call, or changed since it was compiled, compile it as for this one."""
        self.__scriptkit_chosen__.settle(args, kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run compiled; where that is impossible, run the Python code, say so once, and count it."""
        return self.__scriptkit_chosen__.call(args, kwargs)

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
        choice = self.__scriptkit_chosen__.choice
        if mode and choice is not None and choice.eval_only:
            message = f"{type(source_of(self)).__name__} was compiled for evaluation only: {choice.eval_only}"
            raise ScriptkitError(f"{message}; train the module it was made from, and compile that again for evaluation")
        source_of(self).train(mode)
        self.training = mode
        return self

    @property
    def eager_calls(self) -> Counter[str]:
        """How often a call ran as Python, by reason."""
        return self.__scriptkit_chosen__.eager_calls

    @property
    def is_compiled(self) -> bool:
        """Whether a call runs compiled code; False while the module waits for its first call."""
        return self.__scriptkit_chosen__.is_compiled

    @property
    def eval_only(self) -> str:
        """Why the module cannot be trained compiled; empty where it can."""
        choice = self.__scriptkit_chosen__.choice
        return choice.eval_only if choice is not None else ""

    @property
    def code(self) -> Any:
        """The compiled program as text; an attribute `code` of the module itself wins."""
        if hasattr(source_of(self), "code"):
            return source_of(self).code
        choice = self.__scriptkit_chosen__.choice
        if isinstance(choice, LoweredChoice):
            return choice.program.code
        return self.__scriptkit_torchscript__().code

    @property
    def fixed_dimensions(self) -> dict[str, list[int]]:
        """By parameter of `forward`, the dimensions that must be as in the example inputs, because a trace says so."""
        choice = self.__scriptkit_chosen__.choice
        traces = choice.traces.values() if isinstance(choice, TraceChoice) else ()
        found: dict[str, list[int]] = {}
        for call in traces:
            names = Entry(call.inputs, call.forward, "traced").names
            for number, fact in enumerate(call.facts):
                if fact.sizes:
                    found[names[number]] = sorted(dimension for dimension, _ in fact.sizes)
        return found

    def __scriptkit_result_fields__(self) -> list[str]:
        """The names of the parts of the result, in the order of their class."""
        choice = self.__scriptkit_chosen__.choice
        output = choice.output if choice is not None else None
        names = field_names(output) if output is not None else ()
        return [name for name in names if isinstance(name, str)]

    def __scriptkit_report__(self) -> CompileReport:
        """The rows of `scriptkit.report`."""
        return self.__scriptkit_chosen__.report()

    def __scriptkit_torchscript__(self) -> torch.jit.ScriptModule:
        """What `scriptkit.to_torchscript` and `save` take."""
        if "forward" in self.__dict__:
            message = f"{type(source_of(self)).__name__} cannot become TorchScript as it is: its `forward` was replaced"
            raise CompilationError(f"{message}; put the earlier `forward` back, or write a module round this one")
        return self.__scriptkit_chosen__.torchscript()

    def __scriptkit_part__(self) -> Part | None:
        """What stands for this module within a scriptable one."""
        return self.__scriptkit_chosen__.part()

    def __scriptkit_pinned__(self) -> Callable[..., Any]:
        """What `scriptkit.pinned` gives."""
        self.__scriptkit_torchscript__()  # binds it, or says why it cannot be
        module, form = source_of(self), self.__scriptkit_chosen__
        choice = form.choice
        if isinstance(form.calls, ScriptedCalls) or choice is None:
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
    asked = module.__scriptkit_chosen__.asked if isinstance(module, CompiledModule) else (None, None)
    return dict(zip(("modes", "allow_baked"), asked, strict=True))


def _is_function(value: object) -> bool:
    kinds = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, functools.partial)
    return isinstance(value, kinds)


def is_scripted(module: CompiledModule) -> bool:
    """Whether its own source is what runs compiled, with nothing traced or lowered in it."""
    return isinstance(module.__scriptkit_chosen__.calls, ScriptedCalls)


def called_as_scripted(life: nn.Module) -> Callable[..., Any]:
    """Calls a life of a module as the compiled module is called where `is_scripted`."""
    return ScriptedCalls(life, EagerCalls())
