"""Programs that stand for the methods of one module: chosen by what a call brings, over one set of tensors."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.engines.export import torch_names
from scriptkit.engines.export.inputs import misfits
from scriptkit.live.nested import build, differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch.export import ExportedProgram

    from scriptkit.engines.export.convention import Convention
    from scriptkit.engines.export.expressions import Guard
    from scriptkit.engines.export.inputs import Input
    from scriptkit.live.nested import Structure


class ProgramInputError(ValueError):
    """A call that none of the programs was made for."""


class FixedDeviceError(RuntimeError):
    """A program was to be moved to another device, or converted to another dtype."""


@dataclass
class MethodProgram:
    """One method of a module as a program, and the calls it is good for.

    `training` is the mode it was made in, None where both modes run the same; `result` is the tree of the numbers of
    its outputs; `route` tells whether the code was exported as it was written, or lowered first. Without
    `has_gradients` the results are right and their gradients are not: then they have none; it `loses_gradients` where
    the method has some. `example` are the inputs it was made with; a file has none.
    """

    method: str
    program: ExportedProgram
    convention: Convention
    result: Structure
    inputs: tuple[Input, ...]
    guards: tuple[Guard, ...] = ()
    training: bool | None = None
    route: str = "exported"
    notes: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    has_gradients: bool = True
    loses_gradients: bool = False
    example: tuple[Any, ...] = ()
    module: nn.Module = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.module = torch_names.runnable(self.program)

    def fitted(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], list[str]]:
        """The inputs that a call brings, and everything that is wrong with them, in words."""
        try:
            values, structure = self.convention.leaves(args, kwargs)
        except TypeError as error:
            return [], [str(error)]
        wrong = list(differences(self.convention.structure, structure, "the call"))
        if wrong:
            return values, wrong
        wrong = list(misfits(self.inputs, values))
        return values, wrong or [guard.message for guard in self.guards if not guard.holds(values)]

    def run(self, values: Sequence[Any]) -> Any:
        """Run on inputs that fit, and give the result the types that the method gives."""
        args, kwargs = self.convention.program_arguments(values)
        with nullcontext() if self.has_gradients else torch.no_grad():
            return build(self.result, torch_names.leaves(torch_names.called(self.module, args, kwargs)))

    def outputs(self, values: Sequence[Any]) -> list[Any]:
        """What the program itself gives, one after the other; without what is the same in every run."""
        args, kwargs = self.convention.program_arguments(values)
        return [one for one in torch_names.leaves(torch_names.called(self.module, args, kwargs)) if one is not None]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Check a call and run it; raises ProgramInputError."""
        values, wrong = self.fitted(args, kwargs)
        if wrong:
            raise ProgramInputError("; ".join(wrong))
        return self.run(values)


class Programs(nn.Module):
    """The programs of a module by method, in order of trial, as a module with the parameters of the original."""

    def __init__(self, programs: Mapping[str, Sequence[MethodProgram]], *, training: bool) -> None:
        super().__init__()
        self.__dict__["programs"] = {}
        self.training = training
        for some in programs.values():
            for program in some:
                self.add(program)

    def add(self, program: MethodProgram) -> None:
        """One program more, the last to be tried; from now on it has the tensors of the others."""
        self._by_method().setdefault(program.method, []).append(program)
        for held in torch_names.tensors(program.program):
            path, _, name = held.name.rpartition(".")
            its = program.module.get_submodule(path)
            if held.kind == "constant":
                # a number torch gave it names it, which another program may have used for another tensor
                its.__dict__[name] = its._buffers.pop(name, held.tensor)
                continue
            part = _part(self, path)
            own: dict[str, Any] = part._parameters if held.kind == "parameter" else part._buffers
            own.setdefault(name, held.tensor)
            if held.kind == "unsaved buffer":
                part._non_persistent_buffers_set.add(name)
        for path, its in list(program.module.named_modules()):
            if its._parameters or its._buffers:
                part = _part(self, path)
                its.__dict__.update(_parameters=part._parameters, _buffers=part._buffers)

    def _by_method(self) -> dict[str, list[MethodProgram]]:
        programs: dict[str, list[MethodProgram]] = self.__dict__["programs"]
        return programs

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of the methods, `forward` first."""
        return tuple(self._by_method())

    def of(self, method: str) -> Sequence[MethodProgram]:
        """The programs of one method, in order of trial; raises KeyError where it has none."""
        return self._by_method()[method]

    def all_programs(self) -> Iterator[MethodProgram]:
        """Every program, method by method."""
        for some in self._by_method().values():
            yield from some

    def call(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the first program that the call fits; raises ProgramInputError, saying what is wrong."""
        wrong: list[list[str]] = []
        for program in self.of(method):
            if program.training not in {None, self.training}:
                continue
            values, found = program.fitted(args, kwargs)
            if not found:
                return program.run(values)
            wrong.append(found)
        raise ProgramInputError(_refusal(method, wrong, training=self.training))

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`."""
        return self.call("forward", args, kwargs)

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> Programs:  # noqa: ARG002, FBT001, FBT002
        """What moves or converts every tensor is refused: the devices and dtypes are part of the program."""
        for tensor in {(t.device, t.dtype): t for t in (*self.parameters(), *self.buffers())}.values():
            made = fn(torch.empty(0, dtype=tensor.dtype, device=tensor.device))
            if (made.device, made.dtype) != (tensor.device, tensor.dtype):
                raise FixedDeviceError(
                    f"an exported program stays on {tensor.device} in {tensor.dtype}, which is part of it: "
                    "move or convert the module, then export it again"
                )
        return self


def _part(root: nn.Module, path: str) -> nn.Module:
    """The submodule at a path, made where there is none."""
    for name in path.split(".") if path else ():
        if name not in root._modules:
            root._modules[name] = nn.Module()
        found = root._modules[name]
        assert found is not None  # noqa: S101 - made here
        root = found
    return root


def _refusal(method: str, wrong: Sequence[Sequence[str]], *, training: bool) -> str:
    """What is wrong with the program that asks least, and how many there are."""
    if not wrong:
        mode = "train" if training else "eval"
        return f"`{method}` has no program for `{mode}()` mode: export it in that mode, too"
    least = min(wrong, key=len)
    others = f" (and none of the other {len(wrong) - 1} programs takes it)" if len(wrong) > 1 else ""
    return f"`{method}` cannot take this call: {'; '.join(least)}{others}"
