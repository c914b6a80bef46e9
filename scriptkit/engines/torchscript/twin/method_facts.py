"""What is known of the compiled methods of one root before they are called; a graph is read once for each type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from scriptkit.engines.torchscript.programs.graph_facts import (
    argument_changed_in_place,
    enters_autocast,
    makes_tensors_anywhere,
)
from scriptkit.engines.torchscript.twin.float_parameters import FloatParameter, float_parameters

if TYPE_CHECKING:
    from scriptkit.engines.torchscript.types.compiler import CompiledTree

_AUTOCAST: Final = "Autocast"
_graph_facts: dict[tuple[Any, str], tuple[str | None, bool, bool]] = {}


class MethodFacts:
    """Asked by the name of a method; of one that was patched away nothing is known."""

    def __init__(self, cls: type, tree: CompiledTree, root: Any) -> None:
        """`cls` is the class of the root as its author wrote it, `root` its C++ module."""
        self._cls, self._tree, self._root = cls, tree, root
        self._floats: dict[str, tuple[FloatParameter, ...]] = {}

    def decorated_with_autocast(self) -> str | None:
        """Which method of the tree is decorated with autocast, or switches it on."""
        for lifted in self._tree.shadow.lifted.values():
            for name, method in lifted.methods.items():
                if method.decoration.is_autocast:
                    return f"`{lifted.original.__name__}.{name}` is decorated with autocast"
        names = (name for name in self._root._method_names() if self.enters_autocast(name))
        return next((f"`{name}` switches autocast on" for name in names), None)

    def enters_autocast(self, name: str) -> bool:
        """Whether a method of the root switches autocast on."""
        return self._of_graph(name)[2]

    def argument_changed_in_place(self, name: str) -> str | None:
        """A container argument that a method of the root may change."""
        return self._of_graph(name)[0]

    def makes_tensors_anywhere(self, name: str) -> bool:
        """Whether a method of the root makes tensors without naming a device."""
        return self._of_graph(name)[1]

    def float_parameters(self, name: str) -> tuple[FloatParameter, ...]:
        """The parameters of a method of the root that take floats."""
        known = self._floats.get(name)
        if known is None:
            function = getattr(self._cls, name, None)
            has_one = function is not None and self._root._has_method(name)
            known = float_parameters(self._root._get_method(name), function) if has_one else ()
            self._floats[name] = known
        return known

    def _of_graph(self, name: str) -> tuple[str | None, bool, bool]:
        key = (self._tree.concrete_type, name)
        if key not in _graph_facts:
            if not self._root._has_method(name):
                return None, False, False
            _graph_facts[key] = _read(self._root._get_method(name))
        return _graph_facts[key]

    def is_inference_method(self, name: str) -> bool:
        """Whether a method of the root is decorated with `torch.inference_mode`."""
        lifted = self._tree.shadow.lifted.get(self._cls)
        return lifted is not None and name in lifted.methods and lifted.methods[name].decoration.is_inference_mode


def _read(method: Any) -> tuple[str | None, bool, bool]:
    try:
        graph = method.inlined_graph
    except RuntimeError as error:  # torch looks at autocast as it inlines, and raises where its device is no constant
        if _AUTOCAST not in str(error):
            raise
        return None, False, True
    return argument_changed_in_place(graph), makes_tensors_anywhere(graph), enters_autocast(graph)
