"""What files say of each other: which classes are compiled anywhere, and from which others are made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.checking.definitions import Place
from scriptkit.checking.reaching import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.language.facts import ClassFacts, ModuleFacts

RETURN_SELF = frozenset("eval train to cuda cpu double float half bfloat16 requires_grad_ share_memory".split())
EXPORTS = frozenset({"torch.jit.export", "torch.jit.script_method"})
MODULES = frozenset({"torch.nn.Module", "torch.jit.ScriptModule"})


class Project:
    """Files that are migrated together."""

    def __init__(self, files: Sequence[str]) -> None:
        self.files = files
        self._reach = Reach(files)
        self.compiled: set[Place] = set()  # classes of which an instance is given to `torch.jit.script`
        self.made_from: dict[Place, str] = {}  # a class, and a file that makes a subclass of it
        self.scriptable: set[Place] = set()  # classes that are, or will be, a `ScriptableModule`
        for path in files:
            module = self._reach.facts(path)
            if module is not None and ("jit" in module.text or "class " in module.text):
                self._look_at(module)

    def facts(self, path: str) -> ModuleFacts | None:
        """What a file holds; None of one that cannot be read."""
        return self._reach.facts(path)

    def _look_at(self, module: ModuleFacts) -> None:
        for cls in module.classes.values():
            if cls.scriptable:
                self.scriptable.add(Place(module.path, cls.name))
            for base in cls.foreign_bases:
                place = self._reach.meaning(module, base)
                if place is not None and place.path != module.path:
                    self.made_from[place] = module.path
        for call in script_calls(module):
            made = constructed(call.args[0]) if call.args else None
            place = None if made is None else self.class_of(module, made)
            if place is not None:
                self.compiled.add(place)

    def class_of(self, module: ModuleFacts, call: ast.Call) -> Place | None:
        """The class of the project that a call makes an instance of."""
        name = module.dotted(call.func)
        place = None if name is None else self._reach.meaning(module, name)
        facts = None if place is None else self.facts(place.path)
        return place if place is not None and facts is not None and place.name in facts.classes else None

    def methods_of(self, module: ModuleFacts, call: ast.Call) -> frozenset[str]:
        """The methods of what a call makes, as far as its file shows them."""
        place = self.class_of(module, call)
        facts = None if place is None else self.facts(place.path)
        return frozenset() if place is None or facts is None else frozenset(facts.classes[place.name].methods)

    def is_scriptable(self, module: ModuleFacts, call: ast.Call) -> bool:
        """Whether a call makes a `ScriptableModule`."""
        place = self.class_of(module, call)
        return place is not None and place in self.scriptable


def script_calls(module: ModuleFacts) -> Iterator[ast.Call]:
    """Every call of `torch.jit.script` in a file."""
    for node in ast.walk(module.tree) if "jit" in module.text else ():
        if isinstance(node, ast.Call) and module.dotted(node.func) == "torch.jit.script":
            yield node


def constructed(node: ast.expr) -> ast.Call | None:
    """`Net(4)` of `Net(4).to(device).eval()`: the call that makes what the others give back."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in RETURN_SELF:
        return constructed(node.func.value)
    return node


def is_exported(cls: ClassFacts) -> bool:
    """Whether a class marks methods for `torch.jit`."""
    return any(name in EXPORTS for method in cls.own_methods.values() for _, name in method.decorators)
