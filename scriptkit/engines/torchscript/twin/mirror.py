"""The C++ modules made for a live tree, and every place of the tree that their code reads: the *slots*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.torchscript.lifting.chosen_methods import is_chosen
from scriptkit.engines.torchscript.programs.written import attributes_read_in, attributes_written_in
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.types.compiler import CompiledTree, own_type
from scriptkit.engines.torchscript.types.shadow import class_of
from scriptkit.live import hooks
from scriptkit.watching.containers import is_mutable, snapshot
from scriptkit.watching.slots import Container, Slots

if TYPE_CHECKING:
    from scriptkit.engines.interface import Part


class Mirror:
    """One C++ module for each module of a tree, with its attributes as they are now."""

    def __init__(self, module: torch.nn.Module, tree: CompiledTree, *, is_complete: bool) -> None:
        """With `is_complete`, attributes that no compiled code reads are there too, as in a file."""
        self.tree = tree
        self.cpp: dict[int, Any] = {}
        """By the id of the Python module."""
        self.modules: list[tuple[torch.nn.Module, Any, Any]] = []
        """Each Python module with its C++ module and the compiled type of that."""
        self.parts: list[Part] = []
        """Submodules that have a form of their own."""
        self.slots = Slots()
        self.containers: list[Container] = []
        self.sized: list[Any] = []
        """Dictionaries in which nothing may come or go."""
        self.inner_hooks: list[dict[int, Any]] = []
        self.names = tree.names_in_code()
        self._is_complete = is_complete or tree.scripted is not None
        self._reads = frozenset() if self._is_complete else self._find_read(tree.concrete_type)
        self._parametrized_names = {(id(m), name) for m, name in tree.shadow.parametrized}
        self.root = self._make(module, tree.concrete_type, is_root=True)

    def _make(self, module: torch.nn.Module, concrete_type: Any, *, is_root: bool = False) -> Any:
        """One C++ module per Python module, also where that stands at two places of the tree."""
        known = self.cpp.get(id(module))
        if known is not None:
            return known
        cpp = self.cpp[id(module)] = self.tree.instance_of(module, concrete_type)
        self.modules.append((module, cpp, concrete_type))
        self._watch_values(module, cpp, concrete_type)
        for name, declared in concrete_type.get_modules():
            child: Any = module._modules[name]
            self.slots.add(module._modules, name, seen=child)
            cpp.setattr(name, self._child(child, declared))
        if isinstance(module, torch.nn.ModuleList | torch.nn.ModuleDict | torch.nn.Sequential):
            self.sized.append(module._modules)
        if class_of(module) in self.tree.shadow.lifted:
            self.slots.add(module.__dict__, "_modules")  # `__init__` and `__setstate__` called again make new ones
        if isinstance(module, torch.nn.ParameterList | torch.nn.ParameterDict):
            self.sized.append(module._parameters)
        if "hasattr" in self.names:
            self.sized += [module._modules, module._buffers, module._parameters, module.__dict__]
        if not is_root:
            self.inner_hooks += [module.__dict__[name] for name in hooks.HOOKS]
        return cpp

    def _watch_values(self, module: torch.nn.Module, cpp: Any, concrete_type: Any) -> None:
        """Attributes, which are pushed; constants, and functions that the compiler took for part of the code."""
        type_name = concrete_type.jit_type.str()
        for name, (torch_type, _) in concrete_type.get_attributes().items():
            if self._is_complete or (type_name, name) in self._reads or private.is_none(torch_type):
                self._add_attribute(module, cpp, name, takes_any_type=private.is_optional(torch_type))
        for name in concrete_type.get_constants():
            if name in module.__dict__ and (self._is_complete or name in self.names):
                self.slots.add(module.__dict__, name)
        for name, value in module.__dict__.items():
            if callable(value) and (name in self.names or is_chosen(module, value)):
                self.slots.add(module.__dict__, name)

    def _child(self, child: torch.nn.Module, declared: Any) -> Any:
        if isinstance(child, private.ScriptModule):
            return child._c
        part = self.tree.shadow.parts.get(id(child))
        if part is not None:
            if part not in self.parts:
                self.parts.append(part)
            return part.form._c
        return self._make(child, own_type(self.tree.shadow.of[id(child)], declared))

    def _add_attribute(self, module: torch.nn.Module, cpp: Any, name: str, *, takes_any_type: bool) -> None:
        shadow = self.tree.shadow.of[id(module)]
        if (id(module), name) in self._parametrized_names:
            return
        for holder in (module._parameters, module._buffers, module._modules, module.__dict__):
            if name in holder and name != "_is_full_backward_hook":
                seen = holder[name]
                value: Any = private.attribute_value(seen)
                cpp.setattr(name, value)
                self.slots.add(holder, name, (cpp, name), takes_any_type=takes_any_type, seen=seen)
                if is_mutable(value):
                    self.containers.append(Container(holder, name, cpp, snapshot(value)))
                return
        cpp.setattr(name, getattr(shadow, name))

    def _find_read(self, concrete_type: Any) -> frozenset[tuple[str, str]]:
        """What compiled code of the whole tree reads or writes, by type and name."""
        found = set(
            attributes_read_in(concrete_type)
            | attributes_written_in(concrete_type, private.new_instance(concrete_type))
        )
        for _, child_type in concrete_type.get_modules():
            if not private.is_interface(child_type):
                found |= self._find_read(child_type)
        return frozenset(found)

    def written(self) -> list[tuple[torch.nn.Module, str, Any]]:
        """The attributes that compiled code may write, each with both modules."""
        written: set[tuple[str, str]] = set()
        for cpp, concrete_type in {id(t): (c, t) for _, c, t in self.modules}.values():
            written |= attributes_written_in(concrete_type, cpp)
        by_type: dict[str, list[str]] = {}
        for type_name, attribute in sorted(written):
            by_type.setdefault(type_name, []).append(attribute)
        return [
            (module, attribute, cpp)
            for module, cpp, concrete_type in self.modules
            for attribute in by_type.get(concrete_type.jit_type.str(), ())
        ]
