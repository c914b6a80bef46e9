"""What no copy holds, put back after a trial: random states, torch's modes, and what code collects outside its module.

A life keeps a run away from the module. Hooks, closures, globals of the project and classes are shared all the same: a
hook that counts, a list that is filled, `global calls`. What they hold is noted before a trial and given back in place.
What nobody here can give back (a file written, a request sent) is the user's to know: `docs/how-it-works.md` says when
his code runs.
"""

from __future__ import annotations

import functools
import inspect
import types
import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live.copies import gradients_kept, is_plain_object, random_states_kept
from scriptkit.live.giving_back import refill, rewrite, set_attribute, set_attributes, set_cell, set_item
from scriptkit.live.hooks import HOOKS, global_hooks
from scriptkit.live.places import is_project_code
from scriptkit.live.programs import is_compiled
from scriptkit.live.storages import shared_until_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

_OF_TREES = frozenset({"_modules", "_parameters", *HOOKS})
_FILLED = (list, dict, set)
_DEEPEST = 4
_MOST_ITEMS = 10_000
"""Of what holds more, its items are given back, and not what those hold."""
_AROUND_ARGUMENTS = 3
"""Tuples and lists that stand around the arguments of a call."""


@contextmanager
def nothing_left(*modules: nn.Module, given: Any = ()) -> Iterator[None]:
    """What runs lives of these modules in here leaves the process as it was, also after an error or an interrupt.

    `given` are arguments of calls: the lists, dictionaries, sets and objects among them are as they were, too.
    """
    kept = _Kept()
    kept.note_value(given, -_AROUND_ARGUMENTS)
    for module in modules:
        kept.note_module(module)
    with ExitStack() as stack:
        stack.enter_context(random_states_kept())
        stack.enter_context(modes_kept())
        for module in modules:
            stack.enter_context(gradients_kept(module))
        stack.callback(kept.give_back)
        yield


@contextmanager
def contents_kept(given: Any) -> Iterator[None]:
    """The lists, dictionaries, sets and objects of a nested value hold afterwards what they hold now."""
    kept = _Kept()
    kept.note_value(given, -_AROUND_ARGUMENTS)
    try:
        yield
    finally:
        kept.give_back()


@contextmanager
def modes_kept() -> Iterator[None]:
    """Torch's modes and the filters of warnings are afterwards what they were."""
    grad, dtype = torch.is_grad_enabled(), torch.get_default_dtype()
    deterministic = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    threads, filters = torch.get_num_threads(), [*warnings.filters]
    try:
        yield
    finally:
        torch.set_grad_enabled(grad)
        if torch.get_default_dtype() != dtype:
            torch.set_default_dtype(dtype)
        if torch.are_deterministic_algorithms_enabled() != deterministic[0]:
            torch.use_deterministic_algorithms(deterministic[0], warn_only=deterministic[1])
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        if [*warnings.filters] != filters:
            warnings.filters[:] = filters  # type: ignore[index]


class _Kept:
    """Contents noted before a trial, each with the way to give it back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []
        self._seen: set[int] = set()

    def give_back(self) -> None:
        """Everything as it was noted; where something cannot be given back, all the rest is all the same."""
        with ExitStack() as stack:
            for undo in reversed(self._undo):
                stack.callback(undo)

    def note_module(self, module: nn.Module) -> None:
        """What code of a tree can reach besides the tree: hooks, classes, closures and globals."""
        for hooks in global_hooks():
            self._note_functions(hooks.values())
        written = list(written_modules(module))
        for part in written:
            if is_compiled(part):
                continue
            for kind in HOOKS:
                self._note_functions(vars(part).get(kind, {}).values())
            if "forward" in vars(part):
                self._note_function(vars(part)["forward"])
        for cls in dict.fromkeys(base for part in written for base in type(part).__mro__):
            if cls.__module__.partition(".")[0] not in {"torch", "builtins", "scriptkit"}:
                self._note_class(cls)

    def _note_class(self, cls: type) -> None:
        for name, value in [*vars(cls).items()]:
            if isinstance(value, (types.FunctionType, staticmethod, classmethod)):
                self._note_function(getattr(value, "__func__", value))
            elif isinstance(value, (bool, int, float, str, type(None), *_FILLED)) and not name.startswith("__"):
                self.note_value(value, 0)
                self._undo.append(functools.partial(set_attribute, cls, name, value))

    def _note_functions(self, functions: Any) -> None:
        for function in functions:
            self._note_function(function)

    def _note_function(self, function: Any) -> None:
        """Cells, defaults, and the globals that code of the project reads or binds."""
        if isinstance(function, functools.partial):
            self._note_functions([function.func])
            self.note_value([*function.args, *function.keywords.values()], 0)
            return
        function = inspect.unwrap(function) if callable(function) else function
        if isinstance(function, types.MethodType):
            self.note_value(function.__self__, 0)
            function = function.__func__
        if not isinstance(function, types.FunctionType):
            self.note_value(function, 0)
            return
        if id(function) in self._seen:
            return
        self._seen.add(id(function))
        for cell in function.__closure__ or ():
            self._note_cell(cell)
        self.note_value(list(function.__defaults__ or ()), 0)
        if is_project_code(function.__code__.co_filename):
            self._note_globals(function.__globals__, function.__code__)

    def _note_cell(self, cell: types.CellType) -> None:
        try:
            value = cell.cell_contents
        except ValueError:
            return  # not bound yet
        self.note_value(value, 0)
        if isinstance(value, (bool, int, float, str, type(None), tuple)):
            self._undo.append(functools.partial(set_cell, cell, value))

    def _note_globals(self, namespace: dict[str, Any], code: types.CodeType) -> None:
        for name in code.co_names:
            value = namespace.get(name, types)
            if isinstance(value, types.FunctionType):
                self._note_function(value)
            elif isinstance(value, _FILLED):
                self.note_value(value, 0)
            elif isinstance(value, (bool, int, float, str, type(None))):
                self._undo.append(functools.partial(set_item, namespace, name, value))
            elif isinstance(value, types.ModuleType) and is_project_code(getattr(value, "__file__", None) or "<"):
                self._note_names(vars(value), code)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._note_globals(namespace, constant)

    def _note_names(self, namespace: dict[str, Any], code: types.CodeType) -> None:
        """What code reads or binds in a module of the project that it imports: `settings.calls += 1`."""
        for name in code.co_names:
            value = namespace.get(name, types)
            if isinstance(value, _FILLED):
                self.note_value(value, 0)
            elif isinstance(value, (bool, int, float, str, type(None))):
                self._undo.append(functools.partial(set_item, namespace, name, value))

    def note_value(self, value: Any, depth: int = 0) -> None:
        """What a list, a dictionary, a set or a plain object holds, and what those hold that lie in it."""
        if id(value) in self._seen or depth > _DEEPEST:
            return
        if isinstance(value, torch.nn.Module):
            self._note_reached(value, depth)
        elif isinstance(value, types.FunctionType):
            self._note_function(value)
        elif type(value) is tuple and len(value) <= _MOST_ITEMS:
            for item in value:
                self.note_value(item, depth + 1)
        elif type(value) in _FILLED:
            self._seen.add(id(value))
            self._undo.append(functools.partial(refill, value, value.copy()))
            if len(value) <= _MOST_ITEMS:
                for item in [*value.values()] if isinstance(value, dict) else [*value]:
                    self.note_value(item, depth + 1)
        elif is_plain_object(value):
            self._seen.add(id(value))
            self._undo.append(functools.partial(refill, vars(value), dict(vars(value))))
            for item in [*vars(value).values()]:
                self.note_value(item, depth + 1)

    def _note_reached(self, module: nn.Module, depth: int) -> None:
        """What a module holds that a hook or a closure has hold of: a life runs the hook, which writes to the module.

        Its parameters keep their content all the same: a hook that trains is none that only records.
        """
        for part in module.modules():
            if id(part) in self._seen or is_compiled(part):
                continue
            self._seen.add(id(part))
            held = {name: value for name, value in vars(part).items() if not name.startswith("__")}
            self._undo.append(functools.partial(set_attributes, part, held))
            for name in ("_modules", "_parameters"):
                self._undo.append(functools.partial(refill, held[name], dict(held[name])))
            for value in [value for name, value in held.items() if name not in _OF_TREES]:
                self.note_value(value, depth + 1)
            for tensor in [one for one in (*held["_buffers"].values(), *held.values()) if type(one) is torch.Tensor]:
                if tensor.layout == torch.strided and not tensor.is_quantized:
                    content = shared_until_written(tensor)
                    self._undo.append(functools.partial(rewrite, tensor, tensor._version, content))


def written_modules(module: nn.Module) -> Iterator[nn.Module]:
    """Every module of a tree, and those that compiled ones among them were made from: their code is what runs."""
    for part in module.modules():
        yield part
        for inner in vars(part).get("__scriptkit_inner__", ()):
            yield from written_modules(inner)
