"""Between a user's call and a trace: the trace sees flat tensors, the user keeps the signature and the types.

`Adapter` is what is traced. `TracedCall` is what is called afterwards: it checks that the arguments are those the trace
was recorded for, wherever the trace cannot represent others, and gives back what the user's `forward` would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.engines.torchscript.engine import errors
from scriptkit.errors import OtherCallError
from scriptkit.live.nested import Leaf, arranged, build, differences, flatten, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from scriptkit.live.nested import Structure
    from scriptkit.live.variations import Axes


errors.RECORDED_FROM.add(__file__)


class Adapter(nn.Module):
    """Calls a module with the user's arguments, made of flat tensors, and flattens what it returns."""

    def __init__(self, inner: nn.Module, structure: Structure, watch: Callable[[dict[Any, Any]], Any] | None) -> None:
        super().__init__()
        self.inner = inner
        self.training = inner.training
        self.structure = structure
        self.output: Structure | None = None
        self.extra: Callable[[], list[Tensor]] = list
        self._watch = watch

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Flat tensors in, flat tensors out; what is round them is kept in `output`."""
        args, kwargs = build(self.structure, tensors)
        if self._watch is not None:
            watch = self._watch
            args = tuple(watch(arg) if type(arg) is dict else arg for arg in args)
            kwargs = {name: watch(arg) if type(arg) is dict else arg for name, arg in kwargs.items()}
        found, self.output = flatten(self.inner(*args, **kwargs))
        return (*found, *self.extra())


@dataclass(frozen=True)
class InputFact:
    """What a trace takes for granted about one input; None where any will do. `sizes` are (dimension, size)."""

    path: str
    dtype: torch.dtype | None = None
    device: str | None = None
    rank: int | None = None
    sizes: tuple[tuple[int, int], ...] = ()

    def broken_by(self, tensor: Tensor) -> str | None:
        """How a tensor differs from what was taken for granted, in words."""
        if self.rank is not None and tensor.dim() != self.rank:
            return f"{self.path} has {tensor.dim()} dimensions, not {self.rank}"
        if self.dtype is not None and tensor.dtype != self.dtype:
            return f"{self.path} is {tensor.dtype}, not {self.dtype}"
        if self.device is not None and tensor.device.type != self.device:
            return f"{self.path} is on {tensor.device.type}, not {self.device}"
        for dimension, size in self.sizes:
            if tensor.shape[dimension] != size:
                return f"{self.path} has size {tensor.shape[dimension]} in dimension {dimension}, not {size}"
        return None

    def in_words(self) -> Iterator[str]:
        """What is taken for granted, for reports and manifests."""
        if self.rank is not None:
            yield f"{self.path} has {self.rank} dimensions"
        if self.dtype is not None:
            yield f"{self.path} is {self.dtype}"
        if self.device is not None:
            yield f"{self.path} is on {self.device}"
        for dimension, size in self.sizes:
            yield f"{self.path} has size {size} in dimension {dimension}"


def input_facts(structure: Structure, tensors: Sequence[Tensor], asked: set[str], fixed: Axes) -> tuple[InputFact, ...]:
    """What the trace of these inputs takes for granted: aspects the code asked for, and axes known to be fixed."""
    paths = {leaf.index: path for path, leaf in leaves(structure) if isinstance(leaf, Leaf)}
    return tuple(
        InputFact(
            spoken_path(paths[number]),
            tensor.dtype if "dtype" in asked else None,
            tensor.device.type if "device" in asked else None,
            tensor.dim() if {"rank", "shape"} & asked else None,
            tuple((d, tensor.shape[d]) for i, d in sorted(fixed) if i == number),
        )
        for number, tensor in enumerate(tensors)
    )


def spoken_path(path: str) -> str:
    """`[0][1]['a']` inside (args, kwargs) as the user sees it: `argument 1['a']`."""
    which, _, rest = path[1:].partition("]")
    name, _, inner = rest[1:].partition("]")
    return f"argument {name}{inner}" if which == "0" else f"argument {name.strip(chr(39))}{inner}"


class TracedCall:
    """A trace called as the user's module is called."""

    def __init__(
        self,
        run: Any,
        forward: Callable[..., Any],
        inputs: Structure,
        output: Structure,
        facts: tuple[InputFact, ...],
    ) -> None:
        self.run = run
        self.forward = forward
        self.inputs = inputs
        args, kwargs = build(inputs, [None] * _count(inputs))
        self.form = (len(args), tuple(kwargs))
        self.output = output
        self.facts = facts

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Check the arguments, run the trace, give the result the type it has in eager code.

        Raises OtherCallError where the arguments are not those the trace was recorded for.
        """
        args, kwargs = arranged(self.forward, self.form, args, kwargs)
        tensors, structure = flatten((args, kwargs))
        problem = next(differences(self.inputs, structure), None)
        if problem is not None:
            path, _, rest = problem.partition(" ")
            raise OtherCallError(f"traced for other arguments: {spoken_path(path) if path else 'the call'} {rest}")
        for fact, tensor in zip(self.facts, tensors, strict=True):
            problem = fact.broken_by(tensor)
            if problem is not None:
                raise OtherCallError(f"traced for other arguments: {problem}")
        try:
            return build(self.output, self.run(*tensors))
        except Exception as error:
            check = errors.failed_check(error)
            if check is None:
                raise
            raise OtherCallError(f"traced for other arguments: the value at {check} is another one here") from None


def _count(structure: Structure) -> int:
    return sum(isinstance(leaf, Leaf) for _, leaf in leaves(structure))
