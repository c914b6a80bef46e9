"""What can be seen of programs of `torch.export`: one flat graph for each method, whose nodes know their modules."""

from __future__ import annotations

import linecache
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.artifact.debug_records import Origin
from scriptkit.inspecting.classes import Line, Place
from scriptkit.inspecting.flow import Flow
from scriptkit.inspecting.rows import InspectionRow
from scriptkit.inspecting.sides import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.engines.export.programs import MethodProgram, Programs
    from scriptkit.inspecting.sides import SideBySide

_FRAME = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)')
_TORCH = f"{Path(torch.__file__).parent}{os.sep}"
_CALLS = ("call_function", "call_module", "call_method")


@dataclass(frozen=True)
class _FlatMethod:
    lines: list[Line]
    origins: list[Origin]


class SeenExported:
    """The programs of a module."""

    paths = ("",)

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    @property
    def operators(self) -> Sequence[str]:
        """What all programs call."""
        nodes = (node for program in self._programs.all_programs() for node in self._nodes(program))
        return sorted({_name(node) for node in nodes if node.op in _CALLS})

    @staticmethod
    def _nodes(program: MethodProgram) -> list[Any]:
        return list(program.program.graph.nodes)

    def methods(self, path: str) -> Sequence[str]:  # noqa: ARG002 - there is but one part
        """The methods that were exported."""
        return self._programs.methods

    def kind(self, path: str) -> str:
        """Every part is its own kind."""
        return path

    def _program(self, method: str) -> MethodProgram:
        return self._programs.of(method)[0]

    def code(self, path: str, method: str, *, inlined: bool) -> str:  # noqa: ARG002 - it is flat
        """The one flat function."""
        text: str = self._program(method).program.graph_module.code
        return text.strip().replace("def forward(", f"def {method}(", 1)

    def graph(self, path: str, method: str, *, inlined: bool) -> str:  # noqa: ARG002
        """As torch prints it."""
        return str(self._program(method).program.graph).strip()

    def beside(self, path: str, method: str) -> SideBySide:  # noqa: ARG002
        """Source and program, as far as the program remembers its lines."""
        program = self._program(method)
        lines = [Line(f"  {node.format_node()}", None, _places(node)) for node in self._nodes(program)]
        paths = dict.fromkeys(place.path for line in lines for place in line.places)
        facts = [f"{one.message}" for one in program.guards]
        return side_by_side(_FlatMethod([Line(""), *lines], [_origin(p, lines) for p in paths]), program.route, facts)  # type: ignore[arg-type]

    def flow(self, path: str, method: str) -> Flow:  # noqa: ARG002
        """The flow of data from node to node; weights are left out."""
        flow = Flow()
        numbers: dict[Any, int] = {}
        for node in self._nodes(self._program(method)):
            if node.op == "placeholder" and node.name.startswith(("p_", "b_", "c_")):
                continue
            kind = {"placeholder": "input", "output": "output"}.get(node.op, "operator")
            numbers[node] = flow.node(kind, node.name if kind == "input" else _name(node))
            for source in node.all_input_nodes:
                if source in numbers:
                    flow.edge(numbers[source], numbers[node], _shape(source))
        return flow

    def rows(self, class_name: str) -> list[InspectionRow]:
        """The modules that the nodes of the programs belong to, the whole first."""
        tensors = dict(self._programs.state_dict(keep_vars=True))
        operators: dict[str, set[str]] = {"": set()}
        names: dict[str, str] = {"": class_name}
        for program in self._programs.all_programs():
            for node in self._nodes(program):
                for path, name in _modules(node):
                    names.setdefault(path, name)
                    if node.op in _CALLS:
                        operators.setdefault(path, set()).add(_name(node))
        parameters = dict(self._programs.named_parameters())
        return [
            InspectionRow(
                path,
                name,
                self._program(self._programs.methods[0]).route,
                "one flat program" if not path else "part of the whole",
                sum(one.numel() for key, one in parameters.items() if _below(key, path)),
                sum(one.numel() * one.element_size() for key, one in tensors.items() if _below(key, path)),
                tuple(sorted(operators.get(path, ()))),
            )
            for path, name in sorted(names.items())
        ]


def _below(key: str, path: str) -> bool:
    return not path or key.startswith(f"{path}.")


def _modules(node: Any) -> Iterator[tuple[str, str]]:
    """The modules that a node was traced in, outermost first, with their classes."""
    for path, kind in node.meta.get("nn_module_stack", {}).values():
        name = kind if isinstance(kind, str) else kind.__qualname__
        yield re.sub(r"^L\['self'\]\.?", "", path).removeprefix("module").lstrip("."), name.rpartition(".")[2]


def _name(node: Any) -> str:
    return str(node.target).removesuffix(".default") if node.op in _CALLS else str(node.op)


def _places(node: Any) -> tuple[Place, ...]:
    """The innermost line that is not torch's, where there is one."""
    found = _FRAME.findall(node.meta.get("stack_trace") or "")
    own = [frame for frame in found if not frame[0].startswith(_TORCH)] or found
    return (Place(own[-1][0], int(own[-1][1])),) if own else ()


def _origin(path: str, lines: Sequence[Line]) -> Origin:
    """The lines of a file from the first that is named to the last."""
    numbers = [place.line for line in lines for place in line.places if place.path == path]
    text = "".join(linecache.getlines(path)[min(numbers) - 1 : max(numbers)])
    return Origin(text or "\n" * (max(numbers) - min(numbers) + 1), path, min(numbers), 0, 0)


def _shape(node: Any) -> str:
    value = node.meta.get("val")
    if not hasattr(value, "shape"):
        return ""
    return f"{str(value.dtype).removeprefix('torch.')}[{', '.join(map(str, value.shape))}]"
