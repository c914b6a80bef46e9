"""The only place that traces: torch's tracer beneath the functions that warn, and checks that live in the trace.

`torch.jit.trace` itself is not called, for three reasons: it announces its deprecation on every call, it compiles
exported methods of the modules it only wants to trace (and then fails on recurrent ones), and it refuses modules that
register one tensor twice. `trace` here does what is left: mirror the module tree, run the module once, record.
"""

from __future__ import annotations

import functools
import math
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor, nn
from torch.jit import _trace

from scriptkit.engines.torchscript.torch_names import put_right
from scriptkit.engines.torchscript.torch_names.private import LOCK
from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.errors import OtherCallError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


_qualified_name = look_up("qualified name")
_names_seen_by = look_up("name resolution")
_tree_of = look_up("definition from source")
_compile_function = look_up("compile a function")
_make_tree = look_up("tree of script modules")
_python_cu = look_up("unit of everything compiled")
_write_calls_out, _drop_unused = look_up("calls written out"), look_up("unused nodes dropped")
_tracer_warns, _let_tracer_warn = look_up("whether the tracer warns"), look_up("let the tracer warn")
_is_script_object = look_up("object of TorchScript")
_tracing_state, _set_tracing_state = look_up("tracing state"), look_up("tracing state to be")
_MODULES: Any = _trace  # `_trace_module_map` in it is exchanged while a module is recorded

CHECK_MARK = "scriptkit trace check"
_TOO_MANY = re.compile(r"forward\(\) expected at most \d+ argument\(s\) but received|Unknown keyword argument '\w+'")
OTHER_CALL = OtherCallError.__name__


class Traced(Protocol):
    """A traced module: flat tensors in, flat tensors out."""

    def __call__(self, *tensors: Tensor) -> Any:
        """Run the trace."""


def trace(root: nn.Module, inputs: Sequence[Tensor], names: Sequence[str]) -> torch.jit.ScriptModule:
    """Run `root` once on the inputs and record it; `names` are the parameter names of the recorded `forward`.

    Parameters and buffers are shared with `root`. Scripted submodules keep their control flow.
    """
    with LOCK, _module_names(root), _without_tracer_warnings():
        mirror = _mirror(root)
        mirror._c._create_method_from_trace(
            "forward", root, tuple(inputs), _no_variable_name, False, False, list(names), False
        )
        put_right.recorded(mirror, root)
    return mirror


def function_of(traced: torch.jit.ScriptModule, name: str) -> Any:
    """The recorded `forward` of a module that holds no tensors, as a function."""
    graph = traced._c._get_method("forward").graph.copy()
    _write_calls_out(graph)
    _drop_unused(graph)
    myself = next(iter(graph.inputs()))
    if myself.uses():
        raise RuntimeError("the trace reads tensors of a module")
    graph.eraseInput(0)
    # where torch keeps everything compiled in this process; a function elsewhere could not be saved
    return _python_cu.create_function(f"__torch__.scriptkit.recorded.{name}", graph, True)


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a small function of ours, beneath `torch.jit.script`, which would warn."""
    with LOCK:
        return _compile_function(
            _qualified_name(function),
            _definition(function),
            _names_seen_by(function),
            {},
        )


def _no_variable_name(_: Tensor) -> str:
    return ""


@contextmanager
def _module_names(root: nn.Module) -> Iterator[None]:
    """While tracing, `nn.Module.__call__` looks up here which recorded module it stands for."""
    before = _MODULES._trace_module_map
    names: dict[Any, Any] = {}
    for path, module in root.named_modules():
        if path:
            names.setdefault(module, f"__module.{path}")
    names["__module"] = root
    _MODULES._trace_module_map = names
    try:
        yield
    finally:
        _MODULES._trace_module_map = before


@contextmanager
def _without_tracer_warnings() -> Iterator[None]:
    """Torch's own warnings are wrong nine times in ten; the probe replaces them."""
    before = _tracer_warns()
    _let_tracer_warn(False)
    try:
        yield
    finally:
        _let_tracer_warn(before)


def _mirror(module: nn.Module, memo: dict[int, torch.jit.ScriptModule] | None = None) -> torch.jit.ScriptModule:
    """A module tree without code, into which the tracer writes; it has a type of its own, outside torch's store."""
    made = {} if memo is None else memo
    if isinstance(module, torch.jit.ScriptModule):
        return module
    if id(module) not in made:
        shell = type("Shell", (nn.Module,), {"_jit_override_qualname": _qualified_name(type(module))})()
        _fill(shell, module, made)
        made[id(module)] = _script_module(shell)
    return made[id(module)]


def _script_module(shell: nn.Module) -> torch.jit.ScriptModule:
    made: torch.jit.ScriptModule = _make_tree(shell, lambda _: [], share_types=False, is_tracing=True)
    return made


def _fill(shell: nn.Module, module: nn.Module, memo: dict[int, torch.jit.ScriptModule]) -> None:
    shell.training = module.training
    shell._parameters.update({name: p for name, p in module._parameters.items() if p is not None})
    shell._buffers.update({name: b for name, b in module._buffers.items() if b is not None})
    for name, value in module.__dict__.items():
        if _is_script_object(value):
            setattr(shell, name, value)
    for name, child in module._modules.items():
        if child is not None:
            shell._modules[name] = _mirror(child, memo)


class Recorder:
    """The recording of the current thread: pause it, and put checks into it."""

    def __init__(self) -> None:
        self._state: Any = None
        self.put: list[tuple[int, str]] = []

    def stop(self) -> None:
        """Record nothing from here on."""
        self._state = self._state or _tracing_state()
        _set_tracing_state(None)

    def resume(self) -> None:
        """Go on where recording stopped; nothing happens if it did not."""
        if self._state is not None:
            _set_tracing_state(self._state)
            self._state = None

    def put_check(self, tensor: Tensor, value: object, number: int, where: str) -> None:
        """Record that `tensor` must give `value` again; otherwise a call of the trace raises and names `where`."""
        check = _check_for(value)
        if check is not None:
            _compiled(check)(tensor, value, f"{CHECK_MARK} [{number}] {where}")

    def results(self) -> list[Tensor]:
        """What the trace returns besides the results of the module."""
        return []


class Watcher(Recorder):
    """Records checks that do not raise: the trace returns, as its last result, which of them hold."""

    def __init__(self) -> None:
        super().__init__()
        self._agreed: list[Tensor] = []

    def put_check(self, tensor: Tensor, value: object, number: int, where: str) -> None:
        """Record whether `tensor` gives `value` again."""
        check = _check_for(value)
        if check is not None:
            self._agreed.append(_compiled(_SILENT[check])(tensor, value))
            self.put.append((number, where))

    def results(self) -> list[Tensor]:
        """One tensor of bools, in the order of `put`."""
        return [torch.stack(self._agreed)] if self._agreed else [torch.ones(0)]


def _check_for(value: object) -> Callable[..., Tensor] | None:
    if isinstance(value, Tensor):
        return same_tensor
    if isinstance(value, bool):
        return same_bool
    if isinstance(value, int):
        return same_int
    return same_float if isinstance(value, float) and math.isfinite(value) else None


def failed_check(error: BaseException) -> str | None:
    """`[number] place` of the check of a trace that raised an error; None for any other error."""
    _, found, rest = str(error).rpartition(f"{CHECK_MARK} ")
    return rest.splitlines()[0].strip() if found else None


def refused(error: BaseException) -> str | None:
    """What a compiled form says of a call it was not made for; None for any other error.

    Compiled code has no exceptions of its own: it says the type in its text, `OtherCallError`, and checks of a trace
    have their mark. A program has no parameter for an argument that was fixed when it was made.
    """
    if isinstance(error, OtherCallError) or _TOO_MANY.search(str(error)):
        return str(error).splitlines()[0].strip()
    found = failed_check(error)
    if found is None and OTHER_CALL in str(error):
        return str(error).rpartition(f"{OTHER_CALL}: ")[2].splitlines()[0].strip()
    return found


@functools.cache
def _compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Compile a check when it is first needed, beneath `torch.jit.script`, which would warn."""
    made: Callable[..., Tensor] = compiled(function)
    return made


def _definition(function: Callable[..., Tensor]) -> Any:
    return _tree_of(function, function.__name__)


# The functions below are compiled; Python never runs them.


def same_bool(tensor: Tensor, value: bool, message: str) -> Tensor:  # noqa: FBT001  # pragma: no cover
    """Refuse a call in which a condition comes out the other way."""
    if bool(tensor) != value:
        raise RuntimeError(message)
    return tensor


def same_int(tensor: Tensor, value: int, message: str) -> Tensor:  # pragma: no cover
    """Refuse a call in which a size or count is another one."""
    if int(tensor) != value:
        raise RuntimeError(message)
    return tensor


def same_float(tensor: Tensor, value: float, message: str) -> Tensor:  # pragma: no cover
    """Refuse a call in which a number is another one."""
    if float(tensor) != value:
        raise RuntimeError(message)
    return tensor


def same_tensor(tensor: Tensor, value: Tensor, message: str) -> Tensor:  # pragma: no cover
    """Refuse a call in which the contents of a tensor that left the trace are others."""
    if not torch.equal(tensor, value):
        raise RuntimeError(message)
    return tensor


def holds_bool(tensor: Tensor, value: bool) -> Tensor:  # noqa: FBT001  # pragma: no cover
    """Whether a condition comes out as before."""
    return torch.tensor(bool(tensor) == value)


def holds_int(tensor: Tensor, value: int) -> Tensor:  # pragma: no cover
    """Whether a size or count is the same."""
    return torch.tensor(int(tensor) == value)


def holds_float(tensor: Tensor, value: float) -> Tensor:  # pragma: no cover
    """Whether a number is the same."""
    return torch.tensor(float(tensor) == value)


def holds_tensor(tensor: Tensor, value: Tensor) -> Tensor:  # pragma: no cover
    """Whether the contents of a tensor are the same."""
    return torch.tensor(torch.equal(tensor, value))


_SILENT: dict[Callable[..., Tensor], Callable[..., Tensor]] = {
    same_bool: holds_bool,
    same_int: holds_int,
    same_float: holds_float,
    same_tensor: holds_tensor,
}
