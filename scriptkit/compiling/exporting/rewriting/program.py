"""A lowered program as a tree of Python modules, which torch.export traces as it traces any module."""

from __future__ import annotations

import ast
import inspect
import itertools
import math
import re
import types
import typing
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from scriptkit.compiling.exporting.rewriting.rewriter import rewritten
from scriptkit.compiling.exporting.rewriting.syntax import FLOW
from scriptkit.compiling.lowering import lower
from scriptkit.compiling.lowering.program.syntax import LINES_PER_FILE
from scriptkit.engines.export import control_flow
from scriptkit.engines.export.remarks import Place
from scriptkit.live.nested import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scriptkit.compiling.lowering import LoweredModule

_PREFIX = "<lowered "
_NAMES: dict[str, Any] = {
    "torch": torch,
    "F": F,
    "math": math,
    "Tensor": torch.Tensor,
    "Device": torch.device,
    FLOW: control_flow,
    **{name: getattr(typing, name) for name in ("List", "Dict", "Tuple", "Optional")},
}
_FRAME = re.compile(r'File "(<lowered \d+>)", line (\d+), in (\w+)')
_numbers = itertools.count(1)
_files: dict[str, tuple[str, ...]] = {}


def lowered_method(
    module: nn.Module,
    method: str,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    *,
    numbers: bool = False,
    has_free_numbers: bool = False,
) -> tuple[nn.Module, Callable[..., Any]]:
    """A method lowered and rewritten: a module with the tensors of the program, and the method to call.

    With `numbers`, whole numbers that a loop carries are numbers within it; with `has_free_numbers`, those among the
    arguments are not part of the program. Raises `LoweringError` where it cannot be lowered.
    """
    args = tuple(args)
    places = _NumberPlaces(args, kwargs, has_free_numbers=has_free_numbers)
    free = [number for number, leaf in enumerate(places.leaves(args, kwargs)) if not isinstance(leaf, torch.Tensor)]
    program = lower(_with_forward(module, method), *places.placed(args, kwargs), keeps_state=False, numbers=free)
    made = _Modules(numbers=numbers).module(program.shadow)
    return made, _Called(program, made, places)


class _NumberPlaces:
    """Tensors that stand for the whole numbers among the arguments of a call, where these are to be free."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any], *, has_free_numbers: bool) -> None:
        values = (*args, *kwargs.values()) if has_free_numbers else ()
        self._stand_ins = {number: torch.tensor(value) for number, value in enumerate(values) if type(value) is int}

    def placed(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments, with such tensors in the place of numbers."""
        values = [self._stand_ins.get(place, value) for place, value in enumerate((*args, *kwargs.values()))]
        return tuple(values[: len(args)]), dict(zip(kwargs, values[len(args) :], strict=True))

    def leaves(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """The tensors and free numbers of a call, in order."""
        numbers = [*args, *kwargs.values()]
        given = {id(stand_in): numbers[place] for place, stand_in in self._stand_ins.items()}
        return [given.get(id(tensor), tensor) for tensor in flatten(self.placed(args, kwargs))[0]]


class _Called:
    """Calls the flat program as the method is called."""

    def __init__(self, program: LoweredModule, module: nn.Module, places: _NumberPlaces) -> None:
        self.program = program
        self.module = module
        self.places = places

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.program.rebuild(self.module(*self.places.leaves(args, kwargs)))


def _with_forward(module: nn.Module, method: str) -> nn.Module:
    """The module itself, or one of its class with its members and another method as `forward`."""
    if method == "forward":
        return module
    made: nn.Module = object.__new__(type(module))
    for name, value in vars(module).items():
        is_own = isinstance(value, types.MethodType) and value.__self__ is module
        made.__dict__[name] = types.MethodType(value.__func__, made) if is_own else value
    made.__dict__["forward"] = types.MethodType(inspect.unwrap(getattr(module, method).__func__), made)
    return made


class _Modules:
    """Makes one module for each shadow."""

    def __init__(self, *, numbers: bool) -> None:
        self.numbers = numbers
        self.classes: dict[type, type[nn.Module]] = {}
        self.made: dict[int, nn.Module] = {}

    def module(self, shadow: nn.Module) -> nn.Module:
        """The module of a shadow; a module of torch stands for itself."""
        known = self.made.get(id(shadow))
        if known is not None:
            return known
        kind = type(shadow)
        if not hasattr(kind, "lowered_methods") and kind.__name__ != "Shadow":
            self.made[id(shadow)] = shadow
            return shadow
        if kind not in self.classes:
            self.classes[kind] = _class(kind, numbers=self.numbers)
        made = self.made[id(shadow)] = self.classes[kind]()
        own = {name: dict(value) if isinstance(value, dict) else value for name, value in vars(shadow).items()}
        made.__dict__.update({name: value for name, value in own.items() if name != "_modules"})
        for name, child in shadow._modules.items():
            made._modules[name] = None if child is None else self.module(child)
        return made


def _class(kind: type, *, numbers: bool) -> type[nn.Module]:
    """A class with the methods of a shadow's class, rewritten."""
    methods: Sequence[ast.FunctionDef] = getattr(kind, "lowered_methods", ())
    name = f"{_PREFIX}{next(_numbers)}>"
    _files[name] = tuple(getattr(kind, "lowered_files", ()))
    body: list[ast.stmt] = [
        rewritten(method, getattr(method, "variable_types", {}), numbers=numbers) for method in methods
    ]
    made: dict[str, Any] = {}
    names = dict(_NAMES)
    exec(compile(ast.Module(body, []), name, "exec"), names, made)  # noqa: S102 - what the evaluator wrote
    return type(kind.__name__, (nn.Module,), made)


def place_of(path: str, line: int) -> Place | None:
    """The line of the user that a line of a lowered program stands for; None for any other file."""
    files = _files.get(path)
    if files is None:
        return None
    number, own = divmod(line, LINES_PER_FILE)
    return Place(files[number], own) if number < len(files) and files[number] else None


def with_user_lines(trace: str) -> str:
    """A stack trace that names the user's files instead of the lowered program."""
    return _FRAME.sub(lambda found: _frame(found[1], int(found[2]), found[3]), trace)


def _frame(path: str, line: int, function: str) -> str:
    place = place_of(path, line)
    return f'File "{place.path}", line {place.line}, in {function}' if place else f'File "<lowered>", in {function}'
