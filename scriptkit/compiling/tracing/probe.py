"""Sees every Python value that leaves a tensor while a module is traced.

A trace records tensor operations. Where Python code asks a tensor for a bool, a number, a length or a list, the answer
goes on as a constant, and whatever depends on it is decided once and for all. The probe writes down each such place,
and has the trace itself check at every later call that the answer is still the same.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import _tensor, overrides
from torch.autograd import grad_mode
from torch.overrides import TorchFunctionMode
from torch.utils import _contextlib

from scriptkit.compiling.tracing.opened import opened
from scriptkit.engines.torchscript.engine import errors
from scriptkit.live.places import caller_outside, is_project_code, place_of, role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from torch import Tensor

    from scriptkit.live.places import Place

errors.PASSED_OVER.add(__file__)

BOOLS = {"__bool__", "is_nonzero", "equal", "allclose", "__contains__"}
NUMBERS = {"__int__", "__index__", "__float__", "__complex__", "item"}
LENGTHS = {"__len__"}
ARRAYS = {"tolist", "numpy", "__array__", "__dlpack__"}
ESCAPES = BOOLS | NUMBERS | LENGTHS | ARRAYS
ASPECTS = {
    "dtype": "dtype",
    "type": "dtype",
    "is_floating_point": "dtype",
    "is_complex": "dtype",
    "element_size": "dtype",
    "device": "device",
    "is_cuda": "device",
    "is_cpu": "device",
    "is_meta": "device",
    "get_device": "device",
    "dim": "rank",
    "ndim": "rank",
    "ndimension": "rank",
    "shape": "shape",
    "size": "shape",
    "stride": "layout",
    "is_contiguous": "layout",
    "requires_grad": "grad",
    "_set_grad_enabled": "grad",
    "unbind": "parts",
    "split": "parts",
    "chunk": "parts",
    "tensor_split": "parts",
}
MAXIMUM_CHECKED = 1024
_ITERATION = torch.Tensor.__iter__.__code__
_SIZES = {"shape", "size", "numel", "nelement"}
_PASS_ON = (
    __file__,
    overrides.__file__,
    _tensor.__file__,
    torch.functional.__file__,
    grad_mode.__file__,
    _contextlib.__file__,
)


@dataclass(frozen=True)
class Escape:
    """A value that left a tensor: by which operation, which value, where; from sizes alone or from data."""

    number: int
    operation: str
    value: bool | float | None
    place: Place
    from_data: bool


@dataclass
class Log:
    """What a probe saw: escapes in order, and where code asked for a dtype, device, rank, layout or grad mode."""

    escapes: list[Escape] = field(default_factory=list)
    aspects: Counter[tuple[str, Place]] = field(default_factory=Counter)
    everywhere: set[str] = field(default_factory=set)
    failed: list[Place] = field(default_factory=list)

    def asked(self, aspect: str) -> list[Place]:
        """The places in project code that asked for an aspect, in source order."""
        return sorted(
            {place for name, place in self.aspects if name == aspect}, key=lambda p: (p.path, p.line, p.column)
        )


class WatchedDict(dict[Any, Any]):
    """A dict argument that notes where project code asks which keys it has."""

    log: Log

    @classmethod
    def over(cls, log: Log) -> Callable[[dict[Any, Any]], WatchedDict]:
        """Make watched dicts that write into one log."""

        def watch(content: dict[Any, Any]) -> WatchedDict:
            made = cls(content)
            made.log = log
            return made

        return watch

    def __contains__(self, key: object) -> bool:
        self._asked()
        return super().__contains__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, or the default."""
        self._asked()
        return super().get(key, default)

    def _asked(self) -> None:
        frame = caller_outside(sys._getframe(1), _PASS_ON)
        if frame is not None and is_project_code(frame.f_code.co_filename):
            self.log.aspects["keys", place_of(frame.f_code, frame.f_lasti)] += 1


class Recorder(Protocol):
    """What the probe needs of the tracer."""

    def put_check(self, tensor: Tensor, value: object, number: int, where: str) -> None:
        """Have the trace check that the tensor gives the value again."""

    def stop(self) -> None:
        """Stop recording."""

    def resume(self) -> None:
        """Go on recording."""


class Probe(TorchFunctionMode):
    """Active while a module is traced; each value that leaves a tensor is written down and checked by the trace.

    In project code the sizes a value was computed from are checked, elsewhere the value itself: installed code may
    round sizes or compare them with limits as it likes, as long as the outcome is the same.
    """

    def __init__(self, recorder: Recorder, unchecked: Collection[int] = ()) -> None:
        super().__init__()
        self.log = Log()
        self._recorder = recorder
        self._unchecked = unchecked
        self._origins: dict[int, frozenset[int]] = {}
        self._kept: list[Tensor] = []
        self._within = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Note what the call tells Python, then do it."""
        name = _name(func)
        if name in ESCAPES:
            return self._escape(name, func, args, kwargs or {})
        if name in ASPECTS and not self._within:
            self._ask(name, args)
        try:
            result = self._called(func, args, kwargs or {})
        except Exception:
            self._failed()
            raise
        if name in _SIZES:
            self._new_sizes(result)
        elif self._origins:
            self._inherit(result, args)
        return result

    def _called(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Do it; what a function of torch's asks of its tensors before it refuses or goes on is seen, too."""
        body = opened(func)
        if body is None:
            return func(*args, **kwargs)
        self._within += 1
        try:
            with self:
                return body(*args, **kwargs)
        finally:
            self._within -= 1

    def _failed(self) -> None:
        """Note where an operator failed: if the module catches that, the recording is of no use, and torch's end."""
        caller = caller_outside(sys._getframe(1), _PASS_ON)
        if caller is not None:
            self.log.failed.append(place_of(caller.f_code, caller.f_lasti))

    def _ask(self, name: str, args: tuple[Any, ...]) -> None:
        self.log.everywhere.add(ASPECTS[name])
        direct = sys._getframe(2)
        frame = caller_outside(direct, _PASS_ON)
        if frame is not None and is_project_code(frame.f_code.co_filename) and not _has_fixed_parts(name, args):
            self.log.aspects[ASPECTS[name], place_of(frame.f_code, frame.f_lasti)] += 1
        if direct.f_code is _ITERATION:
            self._iterate(name, args[0])

    def _iterate(self, name: str, tensor: Tensor) -> None:
        """`for row in tensor` asks for `dim`, warns if a trace is being recorded, and unbinds.

        The warning obeys the filters of the process only, so recording pauses where it would be given.
        """
        if name == "dim" and tensor.dim():
            self._recorder.stop()
        elif name == "unbind":
            self._recorder.resume()
            size: Any = tensor.size(0)  # while tracing, a tensor
            self._new_sizes(size)
            self._note("__iter__", size, int(size))

    def _escape(self, name: str, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensor = args[0]
        if name == "__len__" and tensor.dim():
            tensor = tensor.size(0)
            self._new_sizes(tensor)
            value: Any = int(tensor)
        else:
            try:
                value = func(*args, **kwargs)
            except Exception:
                self._failed()
                raise
            tensor = _compared(name, args, kwargs, tensor)
        self._note(name, tensor, value)
        return value

    def _note(self, name: str, tensor: Tensor, value: Any) -> None:
        caller = caller_outside(sys._getframe(1), _PASS_ON)
        if caller is None:
            return
        place = place_of(caller.f_code, caller.f_lasti)
        origins = self._origins.get(id(tensor))
        number = len(self.log.escapes)
        shown = value if isinstance(value, (bool, int, float)) else None
        self.log.escapes.append(Escape(number, name, shown, place, origins is None))
        if number not in self._unchecked:
            self._put_checks(self.log.escapes[-1], tensor, value, origins)

    def _put_checks(self, escape: Escape, tensor: Tensor, value: Any, origins: frozenset[int] | None) -> None:
        is_array = escape.operation in ARRAYS
        if is_array and tensor.numel() > MAXIMUM_CHECKED:
            return
        place = escape.place
        if origins and place.in_project and role_of(place) != "check":
            for origin in sorted(origins):
                size = self._kept[origin]
                self._recorder.put_check(size, int(size), escape.number, place.short)
        else:
            self._recorder.put_check(tensor, self._content(tensor) if is_array else value, escape.number, place.short)

    def _content(self, tensor: Tensor) -> Tensor:
        """What is in a tensor now, as a constant."""
        self._recorder.stop()
        content = tensor.detach().clone()
        self._recorder.resume()
        return content

    def _new_sizes(self, result: Any) -> None:
        for size in result if isinstance(result, tuple) else (result,):
            if isinstance(size, torch.Tensor):
                self._origins[id(size)] = frozenset([len(self._kept)])
                self._kept.append(size)

    def _inherit(self, result: Any, args: tuple[Any, ...]) -> None:
        """A number computed from sizes alone still comes from sizes."""
        if not isinstance(result, torch.Tensor) or result.dim():
            return
        found = [self._origins.get(id(arg)) for arg in args if isinstance(arg, torch.Tensor)]
        if found and None not in found:
            self._origins[id(result)] = frozenset().union(*(origins for origins in found if origins))
            self._kept.append(result)


def _has_fixed_parts(name: str, args: tuple[Any, ...]) -> bool:
    """`x.chunk(2)` and `x.split([3, 5])` give the same number of parts for every size, `x.split(2)` does not."""
    how = args[1] if len(args) > 1 else None
    if name in {"chunk", "tensor_split"}:
        return not isinstance(how, torch.Tensor)
    return name == "split" and isinstance(how, (list, tuple))


def _compared(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], tensor: Tensor) -> Tensor:
    """For a comparison that gives a Python bool, the same comparison as a tensor, which the trace can repeat."""
    if name == "equal":
        return torch.eq(*args).all() if args[0].shape == args[1].shape else torch.zeros((), dtype=torch.bool)
    if name == "allclose":
        return torch.isclose(*args, **kwargs).all()
    if name == "__contains__":
        return torch.eq(tensor, args[1]).any()
    return tensor


def _name(func: Callable[..., Any]) -> str:
    """The name of a torch function; of the attribute, for the getter of one."""
    name: str = getattr(func, "__name__", "")
    if name == "__get__":
        return str(getattr(getattr(func, "__self__", None), "__name__", name))
    return name
