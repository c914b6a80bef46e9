"""The state scriptkit keeps for one module object, and the way of a call: eager, or bind, run, pull back."""

from __future__ import annotations

import inspect
import threading
import warnings
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit import switches
from scriptkit.engines.torchscript import adapter
from scriptkit.engines.torchscript.calls import CallTranslator
from scriptkit.engines.torchscript.compiler import LOCK
from scriptkit.engines.torchscript.construction import compile_or_explain
from scriptkit.engines.torchscript.saveability import check_saveable
from scriptkit.engines.torchscript.shadow import UninitializedParametersError
from scriptkit.engines.torchscript.twin import Twin
from scriptkit.errors import ScriptkitEagerWarning

if TYPE_CHECKING:
    from collections.abc import Callable

KEY: Final = "__scriptkit__"
_STACK_LEVEL: Final = 5
_GLOBAL_HOOKS: Final = adapter.global_hooks()


class Construction(threading.local):
    """How many constructors of scriptable modules are running in this thread."""

    depth = 0


construction = Construction()


class _AnnouncedReasons(threading.local):
    """Why the modules round the current call run as Python."""

    reasons: tuple[str, ...] = ()


_announced = _AnnouncedReasons()


class _Announced:
    """What holds for a module holds for the modules it calls, and needs no word of its own there."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __enter__(self) -> None:
        self._before = _announced.reasons
        _announced.reasons = (*self._before, self._reason)

    def __exit__(self, *_: object) -> None:
        _announced.reasons = self._before


class Runtime:
    """Everything scriptkit knows of one module object; never copied and never pickled with it."""

    __slots__ = ("__weakref__", "_reported", "eager_calls", "is_constructed", "is_enabled", "is_pending", "owner", "twin", "_calls")

    def __init__(self, owner: torch.nn.Module | None = None, *, is_constructed: bool = True) -> None:
        self.owner: Any = _nobody if owner is None else weakref.ref(owner)
        self.twin: Twin | None = None
        self.eager_calls: Counter[str] = Counter()
        self.is_constructed = is_constructed
        self.is_enabled = not switches.is_disabled()
        self.is_pending = False
        self._reported: set[str] = set()
        self._calls: dict[str, CallTranslator] = {}

    def __copy__(self) -> Runtime:
        return Runtime(is_constructed=self.is_constructed)

    def __deepcopy__(self, memo: dict[int, Any]) -> Runtime:
        return Runtime(is_constructed=self.is_constructed)

    def __reduce__(self) -> tuple[type[bool], tuple[()]]:
        return bool, ()  # a pickle must not name anything that a later version may rename

    # -------------------------------------------------------------- compiling

    def compile_types(self, module: torch.nn.Module) -> None:
        """Compile the types of a tree; a tree with lazy parameters is left pending until its first call."""
        try:
            tree = compile_or_explain(module)
        except UninitializedParametersError:
            self.is_pending = True
            return
        if getattr(module, "__scriptkit_check_save__", True):
            check_saveable(tree, type(module))

    def make_twin(self, module: torch.nn.Module) -> Twin:
        """A new twin for the tree as it is now; raises `CompilationError`."""
        with LOCK:
            tree = compile_or_explain(module)
            self.twin = Twin(module, tree)
            self.is_pending = False
            self._calls = {}
        return self.twin

    def drop_twin(self) -> None:
        """Hold no tensor twice."""
        self.twin = None
        self._calls = {}

    # ---------------------------------------------------------------- calling

    def call(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the module: compiled where its twin can represent the call, else as Python."""
        reason = self.reason_for_eager(module)
        if reason is not None:
            return self.call_eagerly(module, reason, args, kwargs)
        if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
            return self._call_with_hooks(module, args, kwargs)
        return self.run("forward", module, args, kwargs)

    def run(self, name: str, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run one compiled method on the state as it is now."""
        twin = self.twin
        if twin is None or not twin.enter():
            twin = self.make_twin(module)
            if not twin.enter():
                message = f"internal error: a new twin of {type(module).__name__} does not fit its module"
                raise RuntimeError(message)
        try:
            translator = self._calls.get(name)
            if translator is None:
                translator = self._calls[name] = CallTranslator(twin, module, name)
            return translator(args, kwargs)
        finally:
            twin.leave()

    def reason_for_eager(self, module: Any) -> str | None:
        """Why this call cannot run compiled; an empty reason is not worth a word."""
        if not self.is_enabled or switches.is_eager():
            return ""
        forward = module.__dict__.get("forward")
        if forward is not None and not getattr(forward, "__scriptkit_run__", False):
            return "`forward` was replaced on the instance"
        reason = adapter.must_run_eagerly()
        if reason is not None:
            return reason
        if any(_GLOBAL_HOOKS):
            return "global module hooks are registered"
        twin = self.twin
        if twin is None:
            return self._reason_before_first_call(module)
        return twin.reason_for_eager

    def _reason_before_first_call(self, module: torch.nn.Module) -> str | None:
        if construction.depth:
            return ""
        if self.is_pending and _is_lazy(module):
            return ""
        return self.make_twin(module) and self.reason_for_eager(module)

    def call_exported(self, method: Any, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call an exported method, compiled where the twin can represent the call."""
        reason = self.reason_for_eager(module)
        name = method.__name__
        if reason is None and inspect.unwrap(getattr(type(module), name, None)) is method:  # type: ignore[arg-type]
            return self.run(name, module, args, kwargs)
        with _Announced(self.count_eager_call(module, reason) if reason else ""):
            return method(module, *args, **kwargs)

    def call_eagerly(self, module: Any, reason: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the Python code of a module; its scriptable children may still run compiled."""
        with _Announced(self.count_eager_call(module, reason) if reason else ""):
            return torch.nn.Module._call_impl(module, *args, **kwargs)

    def count_eager_call(self, module: torch.nn.Module, reason: str) -> str:
        """Count a call that ran as Python; warn once for each reason, at the outermost module it holds for."""
        self.eager_calls[reason] += 1
        if reason not in self._reported and reason not in _announced.reasons:
            self._reported.add(reason)
            message = f"{type(module).__name__} runs as Python here: {reason}"
            warnings.warn(message, ScriptkitEagerWarning, stacklevel=_STACK_LEVEL)
        return reason

    def _call_with_hooks(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let torch run the hooks of the root; binding happens between them, since a pre-hook may change the state."""

        def run(*args: Any, **kwargs: Any) -> Any:
            return self.run("forward", module, args, kwargs)

        run.__scriptkit_run__ = True  # type: ignore[attr-defined]
        module.__dict__["forward"] = run
        try:
            return torch.nn.Module._call_impl(module, *args, **kwargs)
        finally:
            module.__dict__.pop("forward", None)


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
            runtime.eager_calls[reason] += 1
        else:
            _read_by_compilers.add(module)
            runtime.count_eager_call(module, reason)
    return True


def _nobody() -> None: ...


def _is_lazy(module: torch.nn.Module) -> bool:
    tensors = (*module.parameters(), *module.buffers())
    return any(torch.nn.parameter.is_lazy(tensor) for tensor in tensors)  # type: ignore[attr-defined]


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
    runtime = runtime_of(module)
    twin = runtime.make_twin(module)
    twin.bind()
    return twin.method("forward")
