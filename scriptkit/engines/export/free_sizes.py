"""Functions that take a number where a program has a size: spelled in others that take sizes, so that it stays free.

torch reads a number out of a size for `torch.linspace(0, 1, x.size(1))`, and for that number alone the program is made.
What stands here gives the same for every size. Outside of a trace, and for numbers, nothing is another than it was.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from scriptkit.engines.export.followed import is_within
from scriptkit.engines.export.run_values import is_open

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Self


class _State:
    """What the exports of this process are allowed, one at a time: set under their lock."""

    is_on = False
    was_used = False


class Freeing(TorchFunctionMode):
    """Frees the sizes of what runs in the block; `was_used` tells whether there was anything to do."""

    def __init__(self, *, is_on: bool) -> None:
        super().__init__()
        self._is_on = is_on
        self.was_used = False

    def __enter__(self) -> Self:
        _State.is_on, _State.was_used = self._is_on, False
        if self._is_on:
            super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        self.was_used, _State.is_on = _State.was_used, False
        if self._is_on:
            super().__exit__(*error)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """A function of torch, called while a program is traced."""
        name = _NAMES.get(func)
        if name is None:
            return func(*args, **(kwargs or {}))
        return freed(name, func, *args, **(kwargs or {}))


def freed(name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A call of a function in the table, by its name there."""
    if not _State.is_on or not (is_within() or _has_size((args, tuple(kwargs.values())))):
        return function(*args, **kwargs)
    found = _FREE[name](*args, **kwargs)
    if found is None:
        return function(*args, **kwargs)
    if not is_within():  # torch lets no branch or loop write to what is outside of it
        _State.was_used = True
    return found


def _has_size(values: Sequence[Any]) -> bool:
    """Whether anything in nested arguments is a size that a run may have another one of."""
    return any(
        _has_size(value) if isinstance(value, (list, tuple)) else not isinstance(value, Tensor) and is_open(value)
        for value in values
    )


def _fftfreq(n: Any, d: Any = 1.0, **options: Any) -> Any:
    places = torch.arange(n, **options)
    return torch.where(places < (n + 1) // 2, places, places - n) * (1.0 / (n * d))


def _rfftfreq(n: Any, d: Any = 1.0, **options: Any) -> Any:
    return torch.arange(n // 2 + 1, **options) * (1.0 / (n * d))


def _linspace(start: Any, end: Any, steps: Any, **options: Any) -> Tensor | None:
    dtype = options.pop("dtype", None) or torch.get_default_dtype()
    if isinstance(start, Tensor) or isinstance(end, Tensor) or not dtype.is_floating_point or options.get("out"):
        return None
    most = torch.sym_max(steps - 1, 1)
    places = torch.arange(steps, dtype=dtype, **options)
    from_end = (end - start) * (steps - 1 - places) / most
    return torch.where(places < torch.sym_max(steps // 2, 1), start + (end - start) * places / most, end - from_end)


def _logspace(start: Any, end: Any, steps: Any, base: float = 10.0, **options: Any) -> Tensor | None:
    exponents = _linspace(start, end, steps, **options)
    return None if exponents is None else torch.pow(base, exponents)


def _angles(length: Any, options: dict[str, Any], *, periodic: bool) -> Any:
    """Once round the circle, with the first angle at its end or without it."""
    dtype = options.pop("dtype", None) or torch.get_default_dtype()
    return (
        torch.arange(length, dtype=dtype, **options) * (2 * math.pi) / torch.sym_max(length - (0 if periodic else 1), 1)
    )


def _cosines(first: float, second: float, third: float = 0.0) -> Callable[..., Tensor]:
    def window(window_length: Any, periodic: Any = 1, *weights: Any, **options: Any) -> Any:
        if weights or options.keys() & {"alpha", "beta"}:
            return None
        angles = _angles(window_length, options, periodic=periodic)
        made = first - second * torch.cos(angles)
        return made + third * torch.cos(2 * angles) if third else made

    return window


def _bartlett(window_length: Any, periodic: Any = 1, **options: Any) -> Tensor:
    places = _angles(window_length, options, periodic=periodic) / math.pi
    return torch.minimum(places, 2 - places)


def _affine_grid(theta: Tensor, size: Sequence[Any], align_corners: Any = None) -> Tensor | None:
    dims = len(size) - 2
    if dims not in {2, 3} or theta.dim() != 3 or not theta.is_floating_point():  # noqa: PLR2004 - pictures and volumes
        return None
    batch, _, *sizes = size
    axes = [_points(n, theta, align_corners=bool(align_corners)) for n in reversed(sizes)]
    shape = [1] * dims
    placed = [
        axis.view([*shape[: dims - 1 - number], -1, *shape[:number]]).expand(*sizes) for number, axis in enumerate(axes)
    ]
    base = torch.stack([*placed, torch.ones_like(placed[0])], -1).view(1, math.prod(sizes), dims + 1)
    flat = base.expand(batch, math.prod(sizes), dims + 1).bmm(theta.transpose(1, 2))
    return flat.view(batch, *sizes, dims)


def _points(n: Any, like: Tensor, *, align_corners: bool) -> Any:
    """From -1 to 1, with the corners or with half a step to them; one point stands in the middle."""
    made = _linspace(-1, 1, n, dtype=like.dtype, device=like.device)
    assert made is not None  # noqa: S101 - of numbers
    return made * (torch.sym_min(n - 1, 1) if align_corners else (n - 1) / n)


def _one_hot(tensor: Tensor, num_classes: Any = -1) -> Tensor:
    made = torch.zeros(*tensor.shape, num_classes, dtype=torch.int64, device=tensor.device)
    return made.scatter(-1, tensor.unsqueeze(-1), 1)


def _as_tensor(data: Any, dtype: torch.dtype | None = None, device: Any = None) -> Tensor | None:
    """Nested numbers; each is a tensor of its own first, for torch reads them all out otherwise."""
    numbers = [*_numbers(data)]
    if not all(isinstance(one, (int, float, torch.SymInt, torch.SymFloat)) for one in numbers):
        return None
    has_fractions = any(isinstance(one, (float, torch.SymFloat)) for one in numbers)
    return _stacked(data, dtype or (torch.get_default_dtype() if has_fractions else torch.int64), device)


def _numbers(data: Any) -> Iterator[Any]:
    if not isinstance(data, (list, tuple)):
        yield data
        return
    for one in data:
        yield from _numbers(one)


def _stacked(data: Any, dtype: torch.dtype, device: Any) -> Tensor:
    if isinstance(data, (list, tuple)):
        return torch.stack([_stacked(one, dtype, device) for one in data])
    return torch.scalar_tensor(data, dtype=dtype, device=device)


def _new_tensor(like: Tensor, data: Any, dtype: torch.dtype | None = None, device: Any = None) -> Tensor | None:
    return _as_tensor(data, dtype or like.dtype, device or like.device)


def _pooled(dims: int, reduced: Callable[[Tensor, int], Tensor]) -> Callable[..., Tensor | None]:
    """Pooling whose windows are as large as what they lie in: one for each dimension, or of size 1."""

    def pooled(x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, *more: Any, **options: Any) -> Any:
        kernel = [*kernel_size] if isinstance(kernel_size, (list, tuple)) else [kernel_size]
        kernel = kernel * dims if len(kernel) == 1 else kernel
        is_close = options.pop("dilation", 1) in (1, (1,) * dims, [1] * dims)
        is_plain = padding in (0, (0,) * dims, [0] * dims) and is_close and not more and not any(options.values())
        if not is_plain or stride not in (None, [], kernel_size):
            return None
        for place, size in zip(range(-dims, 0), kernel, strict=True):
            if is_open(size):
                if not _is_same(size, x.shape[place]):
                    return None
                x = reduced(x, place)
            elif size != 1:
                return None
        return x

    return pooled


def _is_same(one: Any, other: Any) -> bool:
    """Whether two sizes are one, for every call."""
    return isinstance(other, torch.SymInt) and bool(one.node.expr == other.node.expr)


def _of_number(function: str) -> Callable[[Any], Any]:
    def computed(number: Any) -> Any:
        made = getattr(torch, function)(torch.scalar_tensor(number, dtype=torch.float64))
        return made if is_within() else made.item()

    return computed


def _sqrt(number: Any) -> Any:
    return _of_number("sqrt")(number) if is_within() else torch.sym_sqrt(torch.sym_float(number))


def _maximum(x: Tensor, dim: int) -> Tensor:
    return x.max(dim, keepdim=True).values


def _average(x: Tensor, dim: int) -> Tensor:
    return x.mean(dim, keepdim=True)


_FREE: dict[str, Callable[..., Any]] = {
    "torch.fft.fftfreq": _fftfreq,
    "torch.fft.rfftfreq": _rfftfreq,
    "torch.linspace": _linspace,
    "torch.logspace": _logspace,
    "torch.hann_window": _cosines(0.5, 0.5),
    "torch.hamming_window": _cosines(0.54, 0.46),
    "torch.blackman_window": _cosines(0.42, 0.5, 0.08),
    "torch.bartlett_window": _bartlett,
    "F.affine_grid": _affine_grid,
    "F.one_hot": _one_hot,
    "torch.as_tensor": _as_tensor,
    "torch.Tensor.new_tensor": _new_tensor,
    **{f"F.max_pool{dims}d": _pooled(dims, _maximum) for dims in (1, 2, 3)},
    **{f"torch.max_pool{dims}d": _pooled(dims, _maximum) for dims in (1, 2, 3)},
    **{f"F.avg_pool{dims}d": _pooled(dims, _average) for dims in (1, 2, 3)},
    "torch.avg_pool1d": _pooled(1, _average),
    "math.sqrt": _sqrt,
    **{f"math.{name}": _of_number(name) for name in ("log", "log2", "log10")},
}
FREED = frozenset(_FREE)
"""The names of these functions, as lowered programs spell them."""


def _function(name: str) -> Any:
    found: Any = {"torch": torch, "F": F, "math": math}[name.partition(".")[0]]
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found


_NAMES = {_function(name): name for name in reversed(_FREE) if not name.startswith("math.")}
