"""The state scriptkit keeps for one module object, and the way of a call: eager, or bind, run, pull back."""

from __future__ import annotations

import inspect
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final, cast

import torch

from scriptkit import log, switches
from scriptkit.compiling.plan.trees import compile_for_files, compile_with_parts, forget_outdated
from scriptkit.compiling.plan.waiting import MissingInputsError, RefusedInputsError
from scriptkit.engines.torchscript.engine.errors import (
    CALL_ERRORS,
    CallTranslator,
    UnfaithfulError,
    UninitializedParametersError,
    UnreadableMethodError,
    int_given,
)
from scriptkit.engines.torchscript.engine.files import check_saveable
from scriptkit.engines.torchscript.engine.making import Twin, class_of, is_chosen, is_export
from scriptkit.engines.torchscript.engine.thread import (
    LOCK,
    may_be_among,
    must_run_eagerly,
    swaps_parameters,
)
from scriptkit.errors import CompilationError
from scriptkit.live.steady import ChangingError, made_of_one_state
from scriptkit.runtime.gate import NOT_WORTH_A_WORD, EagerCalls, reason_for_eager
from scriptkit.runtime.quick_call import QuickCall
from scriptkit.runtime.shown_calls import ShownCalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.compiling.plan.waiting import Call

_switch, _eager_blocks = switches.local, switches.blocks
KEY: Final = "__scriptkit__"
_PLAIN: Final = frozenset({int, float, bool, str, type(None), list, tuple, dict})
_MOST_TWINS_FOR_A_CALL: Final = 8
_GONE: Final = frozenset({"attribute-conditionally-defined", "attribute-undefined"})


class Construction(threading.local):
    """How many constructors of scriptable modules are running in this thread."""

    depth = 0


construction = Construction()


class Runtime:
    """Everything scriptkit knows of one module object; never copied and never pickled with it."""

    __slots__ = (
        "__weakref__",
        "_call_lock",
        "_calls",
        "_quick",
        "constructor_arguments",
        "deferred",
        "eager_calls",
        "is_constructed",
        "is_enabled",
        "is_pending",
        "is_typed",
        "missing",
        "owner",
        "shown_calls",
        "twin",
    )

    def __init__(
        self,
        owner: torch.nn.Module | None = None,
        *,
        is_constructed: bool = True,
        eager_calls: EagerCalls | None = None,
    ) -> None:
        self.owner: Any = _nobody if owner is None else weakref.ref(owner)
        self.twin: Twin | None = None
        self.eager_calls = EagerCalls() if eager_calls is None else eager_calls
        self.is_constructed = is_constructed
        self.is_enabled = not switches.is_disabled()
        self.is_pending = False
        self.missing: dict[str, str] = {}
        self.shown_calls: ShownCalls | None = None
        self.deferred = ""
        self._call_lock = threading.RLock()
        self._calls: tuple[Twin | None, dict[str, CallTranslator]] = None, {}
        self._quick: QuickCall | None = None
        self.is_typed = False
        self.constructor_arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None

    def note_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep what the module was made with, for the manifest of its file; plain values only: nothing lives on."""
        if all(type(value) in _PLAIN for value in (*args, *kwargs.values())):
            self.constructor_arguments = args, kwargs

    def __copy__(self) -> Runtime:
        return Runtime(is_constructed=self.is_constructed)

    def __deepcopy__(self, memo: dict[int, Any]) -> Runtime:
        return Runtime(is_constructed=self.is_constructed)

    def __reduce__(self) -> tuple[type[bool], tuple[()]]:
        return bool, ()  # a pickle must not name anything that a later version may rename

    # -------------------------------------------------------------- compiling

    def compile_types(self, module: torch.nn.Module, call: Call | None = None) -> None:
        """Compile the types of a tree.

        A tree that has lazy parameters, or foreign submodules that need example inputs, is left pending until its first
        call; `call` is that one.
        """
        is_for_files = getattr(module, "__scriptkit_check_save__", True)
        try:
            tree = (compile_for_files if is_for_files else compile_with_parts)(module, call)
        except RefusedInputsError:
            raise
        except (UninitializedParametersError, MissingInputsError) as error:
            log.plan.debug("%s: waits for its first call: %s", type(module).__name__, error)
            self._wait(error)
            return
        self.is_typed, self.is_pending, self.missing = True, False, {}
        if call is not None:
            self.shown_calls = ShownCalls()  # the forms that parts had for other calls are gone
            self.shown_calls.note(*call)
        if is_for_files:
            check_saveable(tree, type(module))

    def _wait(self, error: UninitializedParametersError | MissingInputsError) -> None:
        """Leave the tree pending until its first call."""
        self.drop_twin()
        self.is_pending, self.is_typed, self.deferred = True, False, ""
        self.missing = error.waiting if isinstance(error, MissingInputsError) else {}

    def defer(self, why: str) -> None:
        """Leave the tree to its first call, which needs no example inputs where the tree scripts."""
        self.drop_twin()
        self.is_pending, self.is_typed, self.missing, self.deferred = True, False, {}, why

    @property
    def is_compiled(self) -> bool:
        """Whether a call runs compiled code."""
        return self.is_enabled and self.is_typed

    def make_twin(self, module: torch.nn.Module) -> Twin:
        """A new twin for the tree as it is now; raises `CompilationError`."""
        with LOCK:
            twin = self.twin = _twin_of(module)
            self.is_pending, self.is_typed, self.missing = False, True, {}
        log.bind.debug("%s: a new twin", type(module).__name__)
        self._quick = None
        return twin

    def drop_twin(self) -> None:
        """Hold no tensor twice."""
        self.twin = None
        self._calls = None, {}
        self._quick = None

    # ---------------------------------------------------------------- calling

    def call(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the module: compiled where its twin can represent the call, else as Python."""
        quick = self._quick
        if (
            quick is None
            or (_eager_blocks and _switch.eager)
            or must_run_eagerly()
            or "forward" in module.__dict__
            or swaps_parameters()
            or may_be_among(args, kwargs)
        ):
            return self._call_with_care(module, args, kwargs)
        in_flight = quick.in_flight
        in_flight.append(None)
        try:
            is_bound = quick.is_current() or (not any(quick.hooks) and quick.bind())
        except BaseException:
            in_flight.pop()
            raise
        if not is_bound:
            in_flight.pop()
            return self._call_with_care(module, args, kwargs)
        try:
            result = quick.forward(*args, **kwargs)
        except CALL_ERRORS as error:
            raise quick.python_error(error, args, kwargs) from None
        finally:
            in_flight.pop()
            if quick.twin.provisional:
                quick.twin.leave()
        return result if quick.convert is None else quick.convert(result)

    def _call_with_care(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        reason = self.reason_for_eager(module, args, kwargs)
        if reason is not None:
            result = self.call_eagerly(module, reason, args, kwargs)
            if switches.is_eager() or _is_lazy(module):
                return result
            if self.is_pending:
                self.compile_types(module, (args, kwargs))
            elif not reason and self.shown_calls is not None:
                self.shown_calls.learn(module, args, kwargs, self.drop_twin)
            return result
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
            return self._call_with_hooks(module, args, kwargs)
        return self.run("forward", module, args, kwargs)

    def run(self, name: str, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], made: int = 0) -> Any:
        """Run one compiled method on the state as it is now; `made` counts the twins that this call made in vain.

        Torch aborts when one thread reads an attribute that another's code replaces, and a second twin made meanwhile
        would miss what the first one writes. So there is one call at a time on a module that writes state, or that has
        tensors which are computed for each call.
        """
        twin = self.twin
        if twin is not None and not twin.writes_state and not twin.has_parametrized:
            return self._run_on(twin, name, module, args, kwargs, made)
        with self._call_lock:
            twin = self.twin
            if twin is None:
                return self._run_with_new_twin(name, module, args, kwargs, made)
            return self._run_on(twin, name, module, args, kwargs, made)

    def _run_on(
        self, twin: Twin, name: str, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], made: int
    ) -> Any:
        if not twin.enter():
            return self._run_with_new_twin(name, module, args, kwargs, made + 1)
        if twin.has_parametrized:
            return self._run_parametrized(twin, name, module, args, kwargs)
        try:
            return self._translator(name, module, twin)(args, kwargs)
        finally:
            twin.in_flight.pop()
            twin.leave()

    def _run_parametrized(
        self, twin: Twin, name: str, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run with parametrized tensors computed for this call.

        After an error only Python knows which of them were computed: it runs again from the state before the call.
        """
        parametrized = twin.parametrized(name)
        before = None if twin.calls_python else parametrized.snapshot(module)
        try:
            parametrized.push()
            result = self._translator(name, module, twin)(args, kwargs)
        except Exception:
            if before is None:
                twin.leave()
                raise
            before.restore()
            self.drop_twin()
        else:
            twin.leave()
            return result
        finally:
            parametrized.let_go()
            twin.in_flight.pop()
        return _python_method(module, name)(module, *args, **kwargs)

    def _run_with_new_twin(
        self, name: str, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], made: int
    ) -> Any:
        """The structure or the code changed; what is there now may have to run as Python."""
        try:
            can_settle = made <= _MOST_TWINS_FOR_A_CALL
            reason = self.make_twin(module).reason_for_eager(name) if can_settle else ChangingError.reason
        except ChangingError as error:
            reason = error.reason
        except UnreadableMethodError as error:
            reason = str(error)
        except UnfaithfulError as error:
            reason = error.headline if not error.diagnostics else error.diagnostics[0].message
        except (MissingInputsError, UninitializedParametersError) as error:
            self._wait(error)
            reason = NOT_WORTH_A_WORD
        except CompilationError as error:
            first = error.first_diagnostic()
            if first is None or first.name not in _GONE:
                raise
            reason = first.message  # Python says itself that an attribute is gone
        if reason is None:
            return self.run(name, module, args, kwargs, made)
        method = _python_method(module, name)
        result = self.eager_calls.run(type(module).__name__, reason, lambda: method(module, *args, **kwargs))
        if self.is_pending and name == "forward":
            self.compile_types(module, (args, kwargs))
        return result

    def _translator(self, name: str, module: torch.nn.Module, twin: Twin) -> CallTranslator:
        of, known = self._calls
        if of is not twin:  # another thread may have made the one that `self.twin` is by now
            known = {}
            self._calls = twin, known
        translator = known.get(name)
        if translator is None:
            translator = known[name] = CallTranslator(twin, module, name)
            if name == "forward" and not (twin.needs_thought or twin.writes_state or translator.in_inference_mode):
                self._quick = QuickCall(twin, translator)
        return translator

    def reason_for_eager(
        self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], name: str = "forward"
    ) -> str | None:
        """Why this call cannot run compiled; an empty reason is not worth a word."""
        if not self.is_enabled or switches.is_eager():
            return NOT_WORTH_A_WORD
        forward = module.__dict__.get("forward")
        if name == "forward" and forward is None and type(module).forward is torch.nn.Module.forward:
            return NOT_WORTH_A_WORD  # torch says itself that there is nothing to call
        if forward is not None and not getattr(forward, "__scriptkit_run__", False) and not is_chosen(module, forward):
            return f"`forward` was replaced on an instance of {type(module).__name__}"
        reason = reason_for_eager(args, kwargs, lambda: self._makes_tensors(name))
        if reason is not None:
            return reason
        twin = self.twin
        if twin is not None and twin.parts and forget_outdated(module):
            self.drop_twin()
            self.shown_calls = twin = None
        if twin is None:
            return self._reason_before_first_call(module, args, kwargs, name)
        if twin.has_parts_for_some_calls and name == "forward":
            reason = self._way_of_calling(module, args, kwargs)
            if reason is not None:
                return reason
        return (
            twin.reason_for_eager(name)
            or int_given(twin.facts.float_parameters(name), args, kwargs)
            or twin.backward_of_its_own(args, kwargs)
        )

    def _way_of_calling(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why a call runs as Python that no foreign part was lowered for; an empty text where it will be learned."""
        if self.shown_calls is None:
            self.shown_calls = ShownCalls()
        return self.shown_calls.reason_for_eager(module, args, kwargs)

    def _makes_tensors(self, name: str) -> bool:
        """Whether a method makes tensors without naming a device; asked again once there is a twin to look at."""
        twin = self.twin
        return twin is not None and twin.facts.makes_tensors_anywhere(name)

    def _reason_before_first_call(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], name: str
    ) -> str | None:
        if construction.depth:
            return ""
        if self.is_pending and (self.missing or _is_lazy(module)):
            return ""
        try:
            with self._call_lock:
                if self.twin is None:
                    self.make_twin(module)
        except ChangingError as error:
            return error.reason
        except UnreadableMethodError as error:
            return str(error)
        except MissingInputsError as error:
            self._wait(error)
            return ""
        return self.reason_for_eager(module, args, kwargs, name)

    def call_exported(
        self, method: Any, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any], name: str = ""
    ) -> Any:
        """Call an exported method, compiled where the twin can represent the call; `name` where it has another one."""
        name = name or method.__name__
        reason = self.reason_for_eager(module, args, kwargs, name)
        cls = class_of(module) if name in module.__dict__ else type(module)
        if reason is None and inspect.unwrap(getattr(cls, name, _nobody)) is method:
            twin = self.twin
            if twin is not None and not twin.root._has_method(name):
                self.make_twin(module)  # the method was patched when the twin was made
            return self.run(name, module, args, kwargs)
        return self.eager_calls.run(
            type(module).__name__, reason or NOT_WORTH_A_WORD, lambda: method(module, *args, **kwargs)
        )

    def call_eagerly(self, module: Any, reason: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the Python code of a module; its scriptable children may still run compiled."""
        return self.eager_calls.run(
            type(module).__name__, reason, lambda: torch.nn.Module._call_impl(module, *args, **kwargs)
        )

    def _call_with_hooks(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let torch run the hooks of the root; binding happens between them, since a pre-hook may change the state."""
        chosen = module.__dict__.get("forward")

        def put_back() -> None:
            module.__dict__.pop("forward", None)
            if chosen is not None:
                module.__dict__["forward"] = chosen

        def run(*args: Any, **kwargs: Any) -> Any:
            if chosen is not None:
                put_back()  # what is compiled was made of it
            return self.run("forward", module, args, kwargs)

        run.__dict__["__scriptkit_run__"] = True
        module.__dict__["forward"] = run
        try:
            return torch.nn.Module._call_impl(module, *args, **kwargs)
        finally:
            put_back()


_by_id: weakref.WeakValueDictionary[int, torch.nn.Module] = weakref.WeakValueDictionary()
_read_by_compilers: weakref.WeakSet[torch.nn.Module] = weakref.WeakSet()


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def note_reading_compiler(module_id: int) -> bool:
    """Count that `torch.compile` or `torch.export` read a module's Python; dynamo runs this once, when it traces."""
    module = _by_id.get(module_id)
    if module is not None and KEY in module.__dict__:
        runtime = runtime_of(module)
        reason = "torch.compile or torch.export reads the Python code"
        if any(module in set(root.modules()) - {root} for root in _read_by_compilers):
            runtime.eager_calls.counts[reason] += 1
        else:
            _read_by_compilers.add(module)
            runtime.eager_calls.count(type(module).__name__, reason)
    return True


def _nobody() -> None: ...


def _twin_of(module: torch.nn.Module) -> Twin:
    """A twin of a tree that another thread may be changing."""
    return made_of_one_state(module, lambda: Twin(module, compile_with_parts(module)))


def _python_method(module: torch.nn.Module, name: str) -> Callable[..., Any]:
    """A method as its author wrote it, decorators included; of an exported one what `@export` was put on."""
    method: Callable[..., Any] = getattr(class_of(module), name)
    exported: Callable[..., Any] | None = getattr(method, "__wrapped__", None)
    return exported if exported is not None and is_export(method) else method


def _is_lazy(module: torch.nn.Module) -> bool:
    tensors = (*module.parameters(), *module.buffers())
    return any(torch.nn.parameter.is_lazy(tensor) for tensor in tensors)


def runtime_of(module: torch.nn.Module) -> Runtime:
    """The runtime of a module, made when it has none of its own (copies share the dictionary of their original)."""
    runtime = module.__dict__.get(KEY)
    if not isinstance(runtime, Runtime) or runtime.owner() is not module:
        is_constructed = runtime.is_constructed if isinstance(runtime, Runtime) else not construction.depth
        runtime = module.__dict__[KEY] = Runtime(module, is_constructed=is_constructed)
        _by_id[id(module)] = module
    return runtime


def pinned(module: torch.nn.Module) -> Callable[..., Any]:
    """The compiled `forward` bound once, for tight loops: later changes of the module are not seen."""
    if hasattr(module, "__scriptkit_pinned__"):
        made: Callable[..., Any] = cast("Any", module).__scriptkit_pinned__()
        return made
    twin = _twin_of(module)
    twin.bind()
    twin.fix_parametrized()
    return twin.method("forward")
