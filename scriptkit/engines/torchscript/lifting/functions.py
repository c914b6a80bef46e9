"""Free functions that compiled code calls: lifted like methods, compiled when first reached, shared by all callers."""

from __future__ import annotations

import functools
import inspect
import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from scriptkit import log
from scriptkit.engines.torchscript.lifting import generated_function
from scriptkit.engines.torchscript.lifting.dependencies import Dependencies, FunctionState
from scriptkit.engines.torchscript.lifting.lifting import LiftedFunction, lift
from scriptkit.engines.torchscript.torch_names import private, public
from scriptkit.live.globals_read import read_by
from scriptkit.live.marks import mark_of

if TYPE_CHECKING:
    from collections.abc import Callable

_LEFT_TO_TORCH = frozenset({"torch", "math", "builtins", "typing", "warnings", "scriptkit"})


@dataclass
class CompiledFunction:
    """A function, the stand-in the compiler meets in its place, and what its compiled form was made from."""

    function: types.FunctionType
    stand_in: types.FunctionType
    dependencies: Dependencies = field(default_factory=Dependencies)
    compiled: Any = None
    lifted: LiftedFunction | None = None
    is_compiling: bool = False


def _no_tracer(function: types.FunctionType) -> Any:
    raise RuntimeError(f"internal error: nothing was handed down to trace `{function.__qualname__}`")


class FunctionCompiler:
    """Compiles free functions on demand and remembers them by identity.

    `trace` records a function that its author marked as traced; the plan, which judges traces, hands it down.
    """

    trace: Callable[[types.FunctionType], Any] = staticmethod(_no_tracer)

    def __init__(self, dropped: frozenset[object] = frozenset()) -> None:
        self.dropped = dropped
        self.entries: dict[types.FunctionType, CompiledFunction] = {}
        self._by_stand_in: dict[types.FunctionType, CompiledFunction] = {}

    def stand_in(self, value: object) -> types.FunctionType | None:
        """What to put in a function's place, or None for what torch handles alone."""
        value = getattr(value, "__original_fn", value) if hasattr(value, "__script_if_tracing_wrapper") else value
        function = scripted_function(value) or (value if _is_users_function(value) else None)
        if not isinstance(function, types.FunctionType):
            return None
        entry = self.entries.get(function)
        if entry is None or not (entry.is_compiling or self.is_current(entry.dependencies)):
            entry = self.entries[function] = self._new_entry(function)
        return entry.stand_in

    def compile(self, function: types.FunctionType) -> Any:
        """The compiled form of a function; raises what the compiler raises."""
        self.stand_in(function)
        return self._compile(self.entries[function])

    def reached_from(self, dependencies: Dependencies) -> list[Dependencies]:
        """What code was made from, with that of every function it calls."""
        found = [dependencies]
        for known in found:
            for stand_in in known.functions:
                entry = self._by_stand_in[stand_in]
                if not any(entry.dependencies is other for other in found):
                    found.append(entry.dependencies)
        return found

    def is_current(self, dependencies: Dependencies) -> bool:
        """Whether nothing that code was made from has changed, through all the functions it calls."""
        return all(found.are_current() for found in self.reached_from(dependencies))

    def _new_entry(self, function: types.FunctionType) -> CompiledFunction:
        def never_called(*_: object) -> None:
            raise NotImplementedError

        if not private.is_complete():
            return self._traced_entry(function) if is_traced(function) else self._generated_entry(function)
        stand_in = cast("types.FunctionType", functools.update_wrapper(never_called, function))
        del stand_in.__dict__["__wrapped__"]
        entry = self._by_stand_in[stand_in] = CompiledFunction(function, stand_in)

        def compile_when_reached() -> types.FunctionType:
            self._compile(entry)
            return stand_in

        stand_in.__dict__["__prepare_scriptable__"] = compile_when_reached
        return entry

    def _generated_entry(self, function: types.FunctionType) -> CompiledFunction:
        """Without private names the stand-in is generated text, which `torch.jit.script` compiles itself."""
        dependencies = Dependencies()
        lifted = lift(function, dependencies, is_compiled_apart=self.stand_in, drop_body=function in self.dropped)
        stand_in = generated_function.as_function(lifted)
        entry = self._by_stand_in[stand_in] = CompiledFunction(function, stand_in, dependencies, lifted=lifted)
        return entry

    def _traced_entry(self, function: types.FunctionType) -> CompiledFunction:
        """Without private names a trace stands for itself."""
        entry = CompiledFunction(function, function)
        self._trace(entry)
        entry.stand_in = entry.compiled
        self._by_stand_in[entry.stand_in] = entry
        return entry

    def _trace(self, entry: CompiledFunction) -> None:
        read = read_by(entry.function)
        entry.compiled = self.trace(entry.function)
        called = (value for _, _, value in read if isinstance(value, types.FunctionType))
        entry.dependencies.globals += read
        entry.dependencies.states += [FunctionState.of(function) for function in (entry.function, *called)]

    def _compile(self, entry: CompiledFunction) -> Any:
        if entry.compiled is None and not private.is_complete():
            entry.compiled = public.script_function(entry.stand_in)
        if entry.compiled is None and is_traced(entry.function):
            self._trace(entry)
            private.remember_compiled_function(entry.stand_in, entry.compiled)
        if entry.compiled is None:
            if entry.is_compiling:
                raise RecursiveFunctionError(entry.function)
            entry.is_compiling = True
            try:
                entry.lifted = lift(
                    entry.function,
                    entry.dependencies,
                    is_compiled_apart=self.stand_in,
                    drop_body=entry.function in self.dropped,
                )
                if entry.lifted.decoration.unknown is not None:
                    raise UnknownDecoratorError(entry.lifted)
                log.compile_.debug("the function `%s`", entry.function.__qualname__)
                entry.compiled = private.compile_function(
                    entry.lifted,
                    entry.function.__name__,
                    private.qualified_name(entry.function),
                    private.default_arguments(entry.function),
                )
            finally:
                entry.is_compiling = False
            private.remember_compiled_function(entry.stand_in, entry.compiled)
        return entry.compiled


class RecursiveFunctionError(RuntimeError):
    """A function calls itself."""

    def __init__(self, function: types.FunctionType) -> None:
        code = function.__code__
        super().__init__(
            f"function `{function.__name__}` calls itself, and the compiler has no recursion:\n"
            f'  File "{code.co_filename}", line {code.co_firstlineno}\n',
        )


class UnknownDecoratorError(RuntimeError):
    """A decorator that changes a function, and that the compiler would drop without a word."""

    def __init__(self, lifted: LiftedFunction) -> None:
        super().__init__(f"a decorator of `{lifted.original.__qualname__}` would be dropped")
        self.lifted = lifted


def scripted_function(value: object) -> types.FunctionType | None:
    """The function behind `@scriptkit.script`."""
    original = getattr(value, "__scriptkit_script__", None)
    return original if isinstance(original, types.FunctionType) else None


def is_traced(function: object) -> bool:
    """Whether the author marked a function as traced."""
    mark = mark_of(function)
    return mark is not None and mark.mode == "trace"


def _is_users_function(value: object) -> bool:
    if not isinstance(value, types.FunctionType) or inspect.isbuiltin(value):
        return False
    if (value.__module__ or "").split(".")[0] in _LEFT_TO_TORCH or hasattr(value, "__prepare_scriptable__"):
        return False
    if hasattr(value, "__script_unsupported"):
        return False
    return private.modifier(value) == private.FunctionModifiers.DEFAULT and not private.has_overloads(value)
