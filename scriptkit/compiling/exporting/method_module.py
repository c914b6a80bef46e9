"""One method as the `forward` of a module, which is what `torch.export` takes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from torch import nn

from scriptkit.compiling.exporting.assigned_buffers import AssignedBuffers
from scriptkit.engines.export import torch_names
from scriptkit.engines.export.convention import OUTPUTS, plain, taken_apart
from scriptkit.live.nested import build

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.engines.export.convention import Convention

_SHARED = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")


class MethodModule(nn.Module):
    """A module with the very dictionaries of another one, whose `forward` is one of its methods.

    So the names of the tensors in the program are those of the other module, whatever the method, and what the tracer
    exchanges here is exchanged there. Arguments and results are plain containers.
    """

    def __init__(self, tensors: nn.Module, run: Callable[..., Any], convention: Convention) -> None:
        super().__init__()
        for name in _SHARED:
            self.__dict__[name] = tensors.__dict__[name]
        self.__dict__.update(_tensors=tensors, _run=run, _convention=convention, training=tensors.training)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the method."""
        run, convention = self.__dict__["_run"], self.__dict__["_convention"]
        own_args, own_kwargs = build(convention.structure, torch_names.leaves((args, kwargs)))
        with AssignedBuffers(self.__dict__["_tensors"]) as buffers:
            values, structure = taken_apart(run(*own_args, **own_kwargs))
            values = buffers.written_back(values)
        values = [value if isinstance(value, OUTPUTS) else None for value in values]
        return build(plain(structure), values)


def method_module(tensors: nn.Module, run: Callable[..., Any], convention: Convention) -> MethodModule:
    """A method as a module; the parameters of its `forward` have the names that those of the method have."""

    def forward(self: MethodModule, *args: Any, **kwargs: Any) -> Any:
        return MethodModule.forward(self, *args, **kwargs)

    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [one.replace(annotation=one.empty) for one in convention.signature.parameters.values()]
    forward.__signature__ = inspect.Signature([own, *_without_name(parameters, "self")])  # type: ignore[attr-defined]
    kind = type(type(tensors).__name__, (MethodModule,), {"forward": forward})
    made: MethodModule = kind(tensors, run, convention)
    return made


def _without_name(parameters: list[inspect.Parameter], name: str) -> list[inspect.Parameter]:
    """A parameter of that name would be there twice."""
    return [one.replace(name=f"{name}_") if one.name == name else one for one in parameters]
