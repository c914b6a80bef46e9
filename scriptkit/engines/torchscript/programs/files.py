"""What files need of torch.jit: a scripted module to bytes and back, and what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.interface import MethodSchema, ParameterSchema
from scriptkit.engines.torchscript.programs.none_defaults import WAY_OUT, none_default
from scriptkit.engines.torchscript.torch_names.private import wrap
from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.live import hooks
from scriptkit.live.programs import is_script_module

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_Unit = look_up("unit of a program")
_program_of_bytes = look_up("program of bytes")
_operators_of, _schemas_of = look_up("operators of a program"), look_up("schemas of an operator")
_write_calls_out = look_up("calls written out")

NEWEST_FORMAT = 10
"""The newest file format the loader of torch 2.6 to 2.13 accepts (it has no query for it)."""

NO_ELEMENTS = torch.device("meta")
"""As `map_location`: load the code, and every tensor without its elements."""


def serialise(module: torch.jit.ScriptModule) -> bytes:
    """The bytes of a TorchScript file, as torch writes it. Raises RuntimeError where no file can hold the module."""
    try:
        data: bytes = module._c.save_to_buffer({})
    except RuntimeError as error:
        culprit = none_default(error, (part._c for part in module.modules()))
        if culprit is None:
            raise
        raise RuntimeError(f"{culprit.told()}, which no file can hold: {WAY_OUT}") from None
    return data


def load_bytes(data: bytes, map_location: torch.device | None) -> torch.jit.ScriptModule:
    """Load the bytes of a TorchScript file."""
    return wrap(_program_of_bytes(_Unit(), data, map_location, {}, False))


def method_schemas(module: torch.jit.ScriptModule) -> list[MethodSchema]:
    """The compiled methods a caller may use, `forward` first, the others by name."""
    names = [name for name in module._c._method_names() if not name.startswith("__")]
    return [_method_schema(module, name) for name in sorted(names, key=lambda name: (name != "forward", name))]


def classes_in_results(module: torch.jit.ScriptModule, name: str) -> list[str]:
    """The classes of the user's in what a method gives: TorchScript classes and enums, by their names."""
    if not module._c._has_method(name):
        return []
    return sorted(set(_classes_in(module._c._get_method(name).schema.returns[0].type)))


def _classes_in(kind: Any) -> Iterator[str]:
    if kind.kind() in ("ClassType", "EnumType"):
        yield str(kind.annotation_str).rpartition(".")[2].rstrip(">")
    else:
        for inner in kind.containedTypes():
            yield from _classes_in(inner)


def _method_schema(module: torch.jit.ScriptModule, name: str) -> MethodSchema:
    schema = module._c._get_method(name).schema
    parameters = tuple(_parameter(argument) for argument in schema.arguments[1:])
    return MethodSchema(name, str(schema), parameters, schema.returns[0].type.annotation_str)


def _parameter(argument: Any) -> ParameterSchema:
    has_default = argument.has_default_value()
    try:
        default = argument.default_value if has_default else None
    except RuntimeError:  # the member of an enum of which this process has no class
        default = ...
    return ParameterSchema(argument.name, argument.type.annotation_str, has_default, default, argument.kwarg_only)


def bound_method(module: torch.jit.ScriptModule, name: str) -> Any:
    """The compiled method itself: calling it skips `Module.__call__`, which costs more than a small model.

    Compiled hooks run there and nowhere else, so `forward` of a module that has some is the module.
    """
    return module if name == "forward" and has_hooks(module) else module._c._get_method(name)


def has_hooks(module: torch.jit.ScriptModule) -> bool:
    """Whether forward hooks were compiled with the module."""
    return _compiled_hooks(module) > 0


def hooks_lost(
    module: torch.jit.ScriptModule, original: torch.nn.Module, kinds: Sequence[str] = hooks.HOOKS
) -> Iterator[str]:
    """The paths at which a Python module has hooks that were not compiled with it; those of backward never are."""
    forms = dict(module.named_modules(remove_duplicate=False))
    compiled = {path: _compiled_hooks(form) for path, form in forms.items()}
    for path, part in original.named_modules():
        if is_script_module(part):
            continue
        state = vars(part)
        is_lost = sum(len(state[kind]) for kind in kinds) != compiled.get(path, 0)
        if is_lost or any(state.get(kind) for kind in hooks.SPECIAL_HOOKS):
            yield path


def _compiled_hooks(module: Any) -> int:
    return len(module._c._get_forward_hooks()) + len(module._c._get_forward_pre_hooks())


def operator_names(module: torch.jit.ScriptModule) -> list[str]:
    """The operators of all methods, with their overload names, sorted."""
    try:
        return sorted(set(_operators_of(module._c)))
    except RuntimeError:  # it refuses `torch.jit.fork`
        return sorted({name for graph in _graphs(module) for name in _operators_in(graph)})


def _graphs(module: torch.jit.ScriptModule) -> Iterator[Any]:
    parts = (part for part in module.modules() if is_script_module(part))
    return (part._c._get_method(name).inlined_graph for part in parts for name in part._c._method_names())


def _operators_in(block: Any) -> Iterator[str]:
    for node in block.nodes():
        schema = node.schema()
        if not schema.startswith("(no schema)"):
            yield schema.partition("(")[0]
        for inner in node.blocks():
            yield from _operators_in(inner)
        if node.hasAttribute("Subgraph"):
            forked = node.g("Subgraph").copy()
            _write_calls_out(forked)
            yield from _operators_in(forked)


def missing_operators(names: Iterable[str]) -> list[str]:
    """Those of the operators that this process does not have."""
    return [name for name in names if not _has_operator(name)]


def _has_operator(name: str) -> bool:
    base, _, overload = name.partition(".")
    return any(schema.overload_name == overload for schema in _schemas_of(base))


def sets_attributes(module: torch.jit.ScriptModule) -> bool:
    """Whether a method of a module assigns an attribute, so that calls change more than the elements of its tensors."""
    graphs = (module._c._get_method(name).inlined_graph for name in module._c._method_names())
    return any(graph.findNode("prim::SetAttr") is not None for graph in graphs)
