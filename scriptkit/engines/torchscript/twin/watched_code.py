"""What the compiled code of a tree was made from: methods, functions, closures, and the globals they read."""

from __future__ import annotations

from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.engines.torchscript.types.compiler import CompiledTree
    from scriptkit.watching.expression import Expression
    from scriptkit.watching.slots import Slots

code_of: Final = attrgetter("__code__")
defaults_of: Final = attrgetter("__defaults__")


class WatchedCode:
    """Globals, and methods found in their class's own dictionary, become slots; the rest stands in lists here."""

    def __init__(self, tree: CompiledTree, modules: Sequence[tuple[torch.nn.Module, Any]], slots: Slots) -> None:
        """Take the modules with their concrete types."""
        self.owners: list[type] = []
        self.names: list[str] = []
        self.members: list[Any] = []
        self._slots = slots
        found = tree.dependencies()
        for namespace, name, _ in {(id(g[0]), g[1]): g for d in found for g in d.globals}.values():
            slots.add(namespace, name)
        states = {id(state.function): state for d in found for state in d.states}
        self.functions = [state.function for state in states.values()]
        self.codes = [state.code for state in states.values()]
        self._defaults = [state.defaults for state in states.values()]
        for function in self.functions:
            if function.__kwdefaults__:
                slots.add_all(function.__kwdefaults__)
        self._modules = [module for module, _ in modules]
        self._classes = [type(module) for module in self._modules]
        self.cells = [cell for d in found for cell in d.cells]
        methods = {(owner, name): value for d in found for owner, name, value in d.methods}
        methods.update({(type(m), "forward"): type(m).forward for m, _ in modules if _is_torch_class(type(m))})
        for module, concrete_type in modules:
            cls = type(module)
            for name in concrete_type.get_constants():
                if name not in module.__dict__ and hasattr(cls, name):
                    methods.setdefault((cls, name), getattr(cls, name))
        for (owner, name), value in methods.items():
            self._watch_member(owner, name, value)

    def _watch_member(self, cls: type, name: str, value: object) -> None:
        """In the class's own dictionary a look-up suffices; an inherited member could be overridden below."""
        if vars(cls).get(name) is value:
            self._slots.add(vars(cls), name)
        else:
            self.owners.append(cls)
            self.names.append(name)
            self.members.append(value)

    def add_to(self, expression: Expression) -> None:
        """The same question as terms of the quick one."""
        count = len(self.functions)
        expression.add_members(self.functions, ["__code__"] * count, self.codes)
        expression.add_members(self.functions, ["__defaults__"] * count, self._defaults)
        expression.add_classes(self._modules, self._classes)
        expression.add_members(self.owners, self.names, self.members)

    def is_unchanged(self) -> bool:
        """Whether every function has its code and defaults, every module its class, every class its members."""
        return (
            all(map(is_, map(code_of, self.functions), self.codes))
            and all(map(is_, map(defaults_of, self.functions), self._defaults))
            and all(map(is_, map(type, self._modules), self._classes))
            and all(map(is_, map(getattr, self.owners, self.names), self.members))
            and all(is_same(cell.cell_contents, value) for cell, value in self.cells)
        )


def _is_torch_class(cls: type) -> bool:
    return cls.__module__.split(".")[0] == "torch" and cls is not torch.nn.Module
