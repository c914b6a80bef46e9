"""Every name of `torch.export` and of what lies beneath it, in one file.

`torch.export` promises little; the serialised schema, the guards and the sources of symbols have no public names at
all. Whoever else in the package needs something of them asks here, in plain data.
"""

from __future__ import annotations

import contextlib
import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import nn
from torch.utils import _pytree as pytree

from scriptkit.engines.export.conversions import idle_conversions
from scriptkit.engines.export.older_torch import (
    guards_of_tracer,
    serialised_alone,
    with_examples_as_taken,
    without_notice_of_branches,
)
from scriptkit.engines.export.recurrent_layers import of_any_length
from scriptkit.engines.export.regions import mend_regions, with_branches_in_regions
from scriptkit.engines.export.remarks import LOCK, load_what_warns, quiet
from scriptkit.engines.export.whole_numbers import mend_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.export import ExportedProgram

    from scriptkit.engines.export.free_sizes import Freeing

SCHEMA_MAJOR = 8
"""The major version of the serialised schema this package reads and writes."""


def _without_least(bounds: Any) -> Any:
    from torch.utils._sympy.numbers import int_oo
    from torch.utils._sympy.value_ranges import ValueRanges

    return ValueRanges(-int_oo, bounds.upper)


def auto() -> Any:
    """The mark of a dimension that is to be dynamic where it can."""
    return torch.export.Dim.AUTO


def export(
    module: nn.Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    dynamic_shapes: dict[str, Any],
    freeing: Freeing | None = None,
) -> ExportedProgram:
    """Export the `forward` of a module, without torch.compile's reading of bytecode."""
    load_what_warns()
    ways = (idle_conversions, of_any_length, without_notice_of_branches, with_branches_in_regions)
    with LOCK, contextlib.ExitStack() as stack, warnings.catch_warnings():
        for way in ways:
            stack.enter_context(way())
        # what torch finds to say of its own code would be an error where warnings are, and the export another one
        warnings.filterwarnings("ignore", module=r"torch(\.|$)")
        # recurrent layers list their weights anew where they are others, as they are while torch looks on
        warnings.filterwarnings("ignore", r"The tensor attributes? self\.(.*\.)?_flat_weights", UserWarning)
        warnings.filterwarnings("ignore", r"The \.grad attribute of a Tensor that is not a leaf", UserWarning)
        with freeing or contextlib.nullcontext():
            program = torch.export.export(module, args, kwargs, dynamic_shapes=dynamic_shapes, strict=False)
    mend_numbers(program, _without_least)
    mend_regions(program)
    return program


def is_data_dependent(error: BaseException) -> bool:
    """Whether an export failed because Python asked for a value that only a run knows."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"GuardOnDataDependentSymNode", "DataDependentOutputException"})


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """A nested plain value with every leaf replaced."""
    return pytree.tree_map(function, value)


def leaves(value: Any) -> list[Any]:
    """The leaves of a nested plain value."""
    return pytree.tree_leaves(value)


def runnable(program: ExportedProgram) -> nn.Module:
    """The program as a module; its tensors are those of the program."""
    return program.module()


def called(program: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a program as a module, or its machine code; what it raises is raised, and not printed by torch besides."""
    if isinstance(program, nn.Module):
        return nn.Module.__call__(program, *args, **kwargs)
    return program(*args, **kwargs)


def change_traces(program: ExportedProgram, change: Callable[[str], str]) -> None:
    """Rewrite the stack traces that the nodes carry, those of branches and loops too."""
    for module in program.graph_module.modules():
        if isinstance(module, torch.fx.GraphModule):
            for node in module.graph.nodes:
                if node.meta.get("stack_trace"):
                    node.meta["stack_trace"] = change(node.meta["stack_trace"])


def guards(program: ExportedProgram) -> list[str]:
    """What the program asks of its inputs, as Python expressions over `L['x'].size()[0]`."""
    kept = getattr(program, "_guards_code", None)
    return list(guards_of_tracer(program) if kept is None else kept)


def add_guards(program: ExportedProgram, texts: Sequence[str]) -> None:
    """Let the program ask more of its inputs, wherever it is run."""
    known = guards(program)
    program._guards_code = [*known, *(text for text in texts if text not in known)]


@dataclass(frozen=True)
class ProgramInput:
    """One input of a program: the sizes of a tensor (a number, or the text of an expression), or a value."""

    sizes: tuple[int | str, ...] | None
    value: Any = None
    symbol: str = ""


def inputs(program: ExportedProgram) -> list[ProgramInput]:
    """The inputs that a caller gives, in order."""
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    found = []
    for spec in program.graph_signature.input_specs:
        if spec.kind.name != "USER_INPUT":
            continue
        name = getattr(spec.arg, "name", "")
        node = nodes.get(name)
        meta = node.meta.get("val") if node is not None else getattr(spec.arg, "value", None)
        found.append(_described(meta))
    return found


def _described(meta: Any) -> ProgramInput:
    if isinstance(meta, torch.Tensor):
        return ProgramInput(tuple(_size(size) for size in meta.shape))
    if isinstance(meta, torch.SymInt):
        size = _size(meta)
        return ProgramInput(None, None, size) if isinstance(size, str) else ProgramInput(None, size)
    return ProgramInput(None, meta)


def _size(size: int | torch.SymInt) -> int | str:
    """A size as a number, also where the tracer found out late that it is one."""
    if isinstance(size, int):
        return size
    return int(size.node.expr) if size.node.expr.is_Integer else str(size.node.expr)


def ranges(program: ExportedProgram) -> dict[str, tuple[int, int | None]]:
    """The bounds of each symbol, as the program has them; None for no upper bound."""
    return {str(symbol): _bounds(bounds) for symbol, bounds in program.range_constraints.items()}


def _bounds(bounds: Any) -> tuple[int, int | None]:
    return _number(bounds.lower) or 0, _number(bounds.upper)


def _number(bound: Any) -> int | None:
    """A bound as a number; the infinities of integers have none."""
    return int(bound) if bound.is_Integer else None


def schema_version() -> str:
    """The version of the schema that this torch writes, as `major.minor`."""
    from torch._export.serde.schema import SCHEMA_VERSION

    return ".".join(map(str, SCHEMA_VERSION))


def serialised(program: ExportedProgram) -> dict[str, Any]:
    """The program without its tensors, as the JSON document of torch's schema."""
    with quiet():  # torch remarks on lists that are empty
        document: dict[str, Any] = json.loads(serialised_alone(program))
    return document


def tensor_document(tensor: torch.Tensor) -> dict[str, Any]:
    """Dtype, sizes, strides and device of a tensor, in torch's schema."""
    from torch._export.serde.serialize import EnumEncoder, _dataclass_to_dict, serialize_tensor_meta

    document: dict[str, Any] = json.loads(
        json.dumps(_dataclass_to_dict(serialize_tensor_meta(tensor)), cls=EnumEncoder)
    )
    return document


def tensor_facts(document: dict[str, Any]) -> tuple[torch.dtype, tuple[int, ...], tuple[int, ...], int, bool]:
    """Dtype, sizes, strides, offset and whether gradients are required, from torch's schema."""
    from torch._export.serde.serialize import _SERIALIZE_TO_TORCH_DTYPE as DTYPES  # no function for it before torch 2.9

    dtype = DTYPES[document["dtype"]]
    sizes = tuple(int(size["as_int"]) for size in document["sizes"])
    strides = tuple(int(stride["as_int"]) for stride in document["strides"])
    return dtype, sizes, strides, int(document["storage_offset"]["as_int"]), bool(document["requires_grad"])


def deserialised(
    document: bytes,
    state: dict[str, torch.Tensor],
    constants: dict[str, Any],
    example: tuple[tuple[Any, ...], dict[str, Any]],
) -> ExportedProgram:
    """The program of a JSON document, with these tensors; nothing is unpickled.

    Without example arguments a program does not check its guards: torch looks at their nesting, not at their values.
    """
    from torch._export.serde.serialize import SerializedArtifact, deserialize

    load_what_warns()
    with quiet():  # torch remarks on symbols that only branches have
        taken = with_examples_as_taken(document)
        return deserialize(SerializedArtifact(taken, state, constants, example))  # type: ignore[arg-type]


@dataclass(frozen=True)
class ProgramTensor:
    """A tensor that a program holds; `kind` tells what it was of the module."""

    name: str
    tensor: torch.Tensor
    kind: Literal["parameter", "buffer", "unsaved buffer", "constant"]


def tensors(program: ExportedProgram) -> list[ProgramTensor]:
    """All tensors of a program, those that a `state_dict` has not at the end."""
    signature = program.graph_signature
    parameters, unsaved = set(signature.parameters), set(signature.non_persistent_buffers)
    found = [
        ProgramTensor(name, tensor, "parameter" if name in parameters else "buffer")
        for name, tensor in program.state_dict.items()
    ]
    for name, value in program.constants.items():
        if isinstance(value, torch.Tensor):
            found.append(ProgramTensor(name, value, "unsaved buffer" if name in unsaved else "constant"))
    return found


def while_loop(*arguments: Any) -> Any:
    """Torch's operator."""
    from torch._higher_order_ops.while_loop import while_loop as operator

    return operator(*arguments)


def scan(*arguments: Any) -> Any:
    """Torch's operator."""
    from torch._higher_order_ops.scan import scan as operator

    return operator(*arguments)


def assert_later(condition: Any, message: str) -> None:
    """An assertion on a tensor that the program makes when it runs."""
    torch._assert_async(condition, message)


def compile_and_package(program: ExportedProgram, path: str) -> None:
    """AOTInductor's machine code of a program, written to a package."""
    import torch._inductor

    torch._inductor.aoti_compile_and_package(program, package_path=path)


def load_package(path: str, name: str) -> Callable[..., Any]:
    """AOTInductor's machine code, read from a package."""
    import torch._inductor.package

    package: Any = torch._inductor.package  # whose `__all__` does not name what its documentation does
    made: Callable[..., Any] = package.load_package(path, model_name=name)
    return made
