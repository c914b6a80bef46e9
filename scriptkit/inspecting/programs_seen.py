"""What can be seen of a program: of one of TorchScript, in a file or in memory."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from scriptkit.engines.torchscript.engine import files, state
from scriptkit.inspecting.classes import read_classes
from scriptkit.inspecting.flow import flow_of
from scriptkit.inspecting.sides import side_by_side
from scriptkit.inspecting.tidying import Tidy, header, printed, without_mangling
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import torch

    from scriptkit.inspecting.classes import Method, ProgramClass
    from scriptkit.inspecting.entries import Entries
    from scriptkit.inspecting.flow import Flow
    from scriptkit.inspecting.sides import SideBySide


class Seen(Protocol):
    """What an inspection shows, whatever engine made the program."""

    @property
    def paths(self) -> Sequence[str]:
        """The parts that have code."""

    @property
    def operators(self) -> Sequence[str]:
        """What the whole calls."""

    def methods(self, path: str) -> Sequence[str]:
        """The methods of a part."""

    def code(self, path: str, method: str, *, inlined: bool) -> str:
        """A method in Python's syntax."""

    def graph(self, path: str, method: str, *, inlined: bool) -> str:
        """The graph of a method."""

    def beside(self, path: str, method: str) -> SideBySide:
        """Source and program."""

    def flow(self, path: str, method: str) -> Flow:
        """The flow of data."""

    def kind(self, path: str) -> str:
        """What parts that look the same share: the name of their class."""


class SeenScript:
    """A TorchScript program; `load` makes one with tensors that have no elements, where there is none in memory."""

    def __init__(
        self,
        entries: Entries,
        modes: Mapping[str, tuple[str, str]],
        assumptions: Mapping[str, Sequence[str]],
        load: Callable[[], torch.jit.ScriptModule],
    ) -> None:
        self.entries = entries
        self.classes = read_classes(entries)
        self.paths = [path for path, name in entries.objects.classes.items() if name in self.classes]
        self._modes, self._assumptions, self._load = modes, assumptions, load

    @cached_property
    def program(self) -> torch.jit.ScriptModule:
        """The program itself."""
        return self.entries.program if self.entries.program is not None else self._load()

    @cached_property
    def operators(self) -> Sequence[str]:
        """As the manifest lists them, else those of the program."""
        manifest = self.entries.manifest
        return list(manifest.operators) if manifest is not None else files.operator_names(self.program)

    def class_of(self, path: str) -> ProgramClass:
        """The class of a part."""
        return self.classes[self.entries.objects.classes[path]]

    def kind(self, path: str) -> str:
        """The name of that class in the program."""
        return self.class_of(path).name

    def methods(self, path: str) -> Sequence[str]:
        """The methods of a part, `forward` first."""
        return sorted(self.class_of(path).methods, key=lambda name: (name != "forward", name))

    def _method(self, path: str, method: str) -> Method:
        return self.class_of(path).methods[method]

    def code(self, path: str, method: str, *, inlined: bool) -> str:
        """The lines of a method, or of the one flat function."""
        if not inlined:
            return self._method(path, method).text
        return _flat(state.inlined_code(self.program, path, method), method)

    def graph(self, path: str, method: str, *, inlined: bool) -> str:
        """As torch prints it."""
        return without_mangling(state.graph_text(self.program, path, method, inlined=inlined))

    def beside(self, path: str, method: str) -> SideBySide:
        """Source and program, with the facts the part rests on."""
        mode = self._modes.get(path, ("script", ""))[0]
        return side_by_side(self._method(path, method), mode, list(self._facts(path)))

    def _facts(self, path: str) -> Iterator[str]:
        """The facts a part rests on: its own, and of those of the parts above it the ones that speak of it."""
        above, names = path, (f"`{path}.", f"`{self.class_of(path).short}.")
        while True:
            found = self._assumptions.get(above, ())
            yield from found if above == path else (one for one in found if one.startswith(names))
            if not above:
                return
            above = above.rpartition(".")[0]

    def flow(self, path: str, method: str) -> Flow:
        """The flow of data through a method."""
        return flow_of(self._method(path, method))


def _flat(text: str, method: str) -> str:
    """Torch's text of a flat function, with submodules by their paths."""
    function = syntax_tree(text).body[0]
    assert isinstance(function, ast.FunctionDef)  # noqa: S101 - that is what torch prints
    function.name = method
    tidy = Tidy(_every_attribute(function))
    return "\n".join([header(function), *(text for text, _, _ in printed(tidy.body(function.body)))])


def _every_attribute(function: ast.FunctionDef) -> frozenset[str]:
    """What is read of `self`: written out where it is used, as what is read of that."""
    return frozenset(
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    )
