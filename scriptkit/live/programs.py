"""Compiled modules among Python ones: telling them apart, and a life of their own for them."""

from __future__ import annotations

import copy
import weakref
from typing import TYPE_CHECKING, Any

import torch
from typing_extensions import TypeIs

from scriptkit.live.torch_names import look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_wrap, _CppModule = look_up("wrap a C++ module"), look_up("class of C++ modules")
_modules_of, _parameters_of, _buffers_of = (
    look_up(f"{what} of a C++ module") for what in ("submodules", "parameters", "buffers")
)
_RESIZING = frozenset({"aten::resize_", "aten::resize_as_"})
_RESIZES = "resize_"  # no type has this name
_Names = dict[str, set[str]]
_used: weakref.WeakKeyDictionary[torch.jit.ScriptModule, _Names] = weakref.WeakKeyDictionary()


def is_compiled(module: object) -> bool:
    """True for modules that are TorchScript already."""
    return isinstance(module, torch.jit.ScriptModule)


def is_script_module(candidate: object) -> TypeIs[torch.jit.ScriptModule]:
    """Whether this is a module that torch.jit compiled, traced or loaded."""
    return isinstance(candidate, torch.jit.ScriptModule)


def with_own_state(form: torch.jit.ScriptModule, own: Callable[[torch.Tensor], torch.Tensor]) -> torch.jit.ScriptModule:
    """The same compiled code over a state of its own: nothing is compiled, tensors are what `own` gives for them."""
    made = _wrap(_copied(form._c, own, _used_in(form), {}))
    _used[made] = _used[form]
    return made  # type: ignore[no-any-return]


def resizes(form: torch.jit.ScriptModule) -> bool:
    """Whether any method of a compiled tree gives a tensor another size in place."""
    return _RESIZES in _used_in(form)


def attributes_used(form: torch.jit.ScriptModule) -> dict[str, Any]:
    """The attributes that compiled code reads or assigns, by path, without parameters, buffers and submodules."""
    names = _used_in(form)
    found: dict[str, Any] = {}
    for path, part in form.named_modules():
        for name in sorted(names.get(part._c._type().str(), ())):
            value = part._c.getattr(name) if part._c.hasattr(name) else None
            if not isinstance(value, (_CppModule, type(None))):
                found[f"{path}.{name}".lstrip(".")] = value
    return found


def holds(part: object, name: str) -> bool:
    """Whether one compiled module has an attribute, of whatever kind."""
    return bool(part._c.hasattr(name)) if is_script_module(part) else False


def part_at(form: torch.jit.ScriptModule, path: str) -> Any:
    """The part of a compiled tree at a path, whatever it is called (`code`, `save`); None where there is none."""
    part: Any = form
    for name in path.split(".") if path else ():
        part = part._modules[name] if part is not None and name in part._modules else None
    return part


def held(form: torch.jit.ScriptModule, path: str, name: str) -> Any:
    """What an attribute of a compiled tree holds now; None where there is none."""
    part = part_at(form, path)
    return part._c.getattr(name) if holds(part, name) else None


def _copied(cpp: Any, own: Callable[[torch.Tensor], torch.Tensor], names: _Names, memo: dict[Any, Any]) -> Any:
    if cpp in memo:
        return memo[cpp]
    made = memo[cpp] = copy.copy(cpp)
    for name, inner in _modules_of(cpp).items():
        made.setattr(name, _copied(inner, own, names, memo))
    tensors = (*_parameters_of(cpp).items(), *_buffers_of(cpp).items())
    for name, tensor in tensors:
        made.setattr(name, own(tensor))
    for name in names.get(cpp._type().str(), set()) - {name for name, _ in tensors}:
        if cpp.hasattr(name):
            value = cpp.getattr(name)
            if isinstance(value, (torch.Tensor, list, dict, tuple)):
                made.setattr(name, _own_value(value, own))
    return made


def _own_value(value: Any, own: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        return own(value)
    if isinstance(value, dict):
        return {key: _own_value(item, own) for key, item in value.items()}
    if type(value) in {list, tuple}:
        return type(value)(_own_value(item, own) for item in value)
    return value


def _used_in(form: torch.jit.ScriptModule) -> _Names:
    """By type, the attributes that any method of a compiled tree names."""
    if form not in _used:
        found: _Names = {}
        for part in form.modules():
            cpp: Any = part._c
            for name in cpp._method_names():
                for node in _nodes(cpp._get_method(name).graph):
                    if node.kind() in _RESIZING:
                        found.setdefault(_RESIZES, set()).add(name)
                    if node.kind() in {"prim::GetAttr", "prim::SetAttr"}:
                        found.setdefault(node.inputsAt(0).type().str(), set()).add(node.s("name"))
        _used[form] = found
    return _used[form]


def _nodes(block: Any) -> Iterator[Any]:
    for node in block.nodes():
        yield node
        for inner in node.blocks():
            yield from _nodes(inner)
