"""Where a compiled form holds what its Python module holds, so that the state of both can be compared by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.live import programs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

_PLAIN = (bool, int, float, str, type(None), torch.Tensor)


class Places:
    """The parameters, buffers and attributes of a module that a form of it has, too.

    Tensors are found by identity: the form has to share them with the module when the places are looked for. Every form
    of the same code holds them at the same places. With `attributes`, whatever has the same path in both counts, too,
    with `buffers` those that have it.
    """

    def __init__(
        self, form: torch.jit.ScriptModule, module: nn.Module, *, attributes: bool, buffers: bool = False
    ) -> None:
        self._is_program = programs.is_script_module(module)
        if self._is_program:
            self._places = {name: ("", "") for name, _ in _state_of(module)}
        else:
            named = {name for name, _ in module.named_buffers()} if buffers else set()
            self._places = _places(form, module, attributes=attributes, named=named)

    def held_by(self, life: nn.Module) -> dict[str, Any]:
        """What a life of the module or of a form holds now, by the names it has in the module."""
        if programs.is_script_module(life) and not self._is_program:
            return {name: _canonical(programs.held(life, *place)) for name, place in self._places.items()}
        held = {name: _canonical(value) for name, value in _state_of(life) if name in self._places}
        return {name: held[name] for name in self._places if name in held}


def _places(
    form: torch.jit.ScriptModule, module: nn.Module, *, attributes: bool, named: set[str]
) -> dict[str, tuple[str, str]]:
    where = {id(value): name for name, value in _state_of(module) if isinstance(value, torch.Tensor)}
    found: dict[str, tuple[str, str]] = {}
    for path, part in form.named_modules():
        for name, tensor in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)):
            if id(tensor) in where:
                found[where[id(tensor)]] = path, name
    inside = dict(form.named_modules())
    for name in (name for name, _ in _state_of(module) if attributes or name in named):
        path, _, last = name.rpartition(".")
        if path in inside and programs.holds(inside[path], last):
            found.setdefault(name, (path, last))
    return found


def _state_of(module: nn.Module) -> Iterable[tuple[str, Any]]:
    """Parameters, buffers and plain attributes, by name."""
    for path, part in module.named_modules():
        prefix = f"{path}." if path else ""
        for kind in ("_parameters", "_buffers"):
            yield from ((f"{prefix}{name}", t) for name, t in vars(part).get(kind, {}).items() if t is not None)
        for name, value in vars(part).items() if not programs.is_compiled(part) else ():
            if not name.startswith("_") and name != "training" and _is_plain(value):
                yield f"{prefix}{name}", value


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def _canonical(value: Any) -> Any:
    """As both sides can have it: compiled code has lists where Python has tuples, and floats where it has integers."""
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
