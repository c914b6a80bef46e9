"""What a newer torch keeps with an exported program, or has an option for, from a torch that does not.

Nothing asks for a version: what is there is used.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.export import ExportedProgram

_ALONE = ("serialize_state_dict", "serialize_constants")
"""Options of torch >= 2.12; without them, the tensors are written too, and thrown away."""


def serialised_alone(program: ExportedProgram) -> bytes:
    """The JSON document of a program, without its tensors."""
    from torch._export.serde.serialize import serialize

    known = inspect.signature(serialize).parameters
    options: dict[str, Any] = {name: False for name in _ALONE if name in known}
    document: bytes = serialize(program, **options).exported_program
    return document


def guards_of_tracer(program: ExportedProgram) -> list[str]:
    """What the tracer assumed of the inputs; programs of torch 2.8 do not keep it."""
    from torch._dynamo.source import ConstantSource
    from torch._guards import detect_fake_mode
    from torch.fx.experimental.symbolic_shapes import ShapeGuardPythonPrinter

    fake: Any = detect_fake_mode([node.meta.get("val") for node in program.graph.nodes])
    if fake is None or fake.shape_env is None:
        return []
    sources: dict[Any, list[Any]] = fake.shape_env.var_to_sources
    of_inputs = {
        symbol for symbol, found in sources.items() if not any(isinstance(one, ConstantSource) for one in found)
    }
    text_of = ShapeGuardPythonPrinter(sources, _name_of, sources).doprint
    return [text_of(one.expr) for one in fake.shape_env.guards if one.expr.free_symbols <= of_inputs]


def _name_of(source: Any) -> str:
    """The text of a source, which was a method up to torch 2.9."""
    return str(source.name() if callable(source.name) else source.name)
