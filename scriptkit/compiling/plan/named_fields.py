"""A result with named fields for compiled code: `output.last_hidden_state` and `output[0]` instead of a dictionary.

TorchScript has no type that is a mapping and has attributes, as the outputs of transformers are. A form gives a dict,
which fits code that asks by key; this wrapper gives a named tuple, which fits code that asks by attribute or number.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from scriptkit.compiling.boundary.signature import type_of_field
from scriptkit.compiling.plan.written_modules import executed
from scriptkit.engines.torchscript.engine import files
from scriptkit.engines.torchscript.engine.making import scripted
from scriptkit.live.nested import Nest

if TYPE_CHECKING:
    import torch
    from torch import nn

    from scriptkit.engines import interface
    from scriptkit.live.nested import Structure

_NAMED = {"mapping", "dataclass"}


def with_named_fields(form: torch.jit.ScriptModule, output: Structure, name: str) -> torch.jit.ScriptModule | None:
    """The form with a named tuple for its result; None where the result has no names, or what has no type."""
    if not isinstance(output, Nest) or output.kind not in _NAMED or not _has_names(output):
        return None
    types = [type_of_field(item) for item in output.items]
    if not all(types):
        return None
    schema = next(schema for schema in files.method_schemas(form) if schema.name == "forward")
    by_key = schema.returns.startswith("Dict[")
    text = _text(schema, dict(zip(output.keys, types, strict=True)), by_key=by_key)
    module: nn.Module = executed(text, "named", name)["Named"]()
    module.add_module("inner", form)
    return scripted(module.train(form.training))


def _has_names(nest: Nest) -> bool:
    return all(isinstance(key, str) and key.isidentifier() for key in nest.keys)


def _text(schema: interface.MethodSchema, types: dict[str, str], *, by_key: bool) -> str:
    parameters = ", ".join(_declared(parameter) for parameter in schema.parameters)
    arguments = ", ".join(parameter.name for parameter in schema.parameters)
    fields = ", ".join(f"out[{key!r}]" if by_key else f"out[{number}]" for number, key in enumerate(types))
    cls = f"Output{zlib.crc32(repr(types).encode()):08x}"
    lines = [
        f"class {cls}(NamedTuple):",
        *(f"    {key}: {kind}" for key, kind in types.items()),
        "class Named(nn.Module):",
        f"    def forward(self, {parameters}):",
        f"        out = self.inner({arguments})",
        f"        return {cls}({fields})",
    ]
    return "\n".join(lines) + "\n"


def _declared(parameter: interface.ParameterSchema) -> str:
    default = f" = {parameter.default!r}" if parameter.has_default else ""
    return f"{parameter.name}: {parameter.type}{default}"
