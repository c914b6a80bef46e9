"""Archives of torch, read from and written to Python files: the routes of `torch.package`, which copy no tensor.

`import_ir_module_from_buffer` makes two copies of the whole file in memory, `import_ir_module` opens a path by itself;
the reader of `torch.package` asks a Python file for the bytes of each entry, and its writer gives the bytes of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit.engines.torchscript.torch_names.private import wrap
from scriptkit.engines.torchscript.torch_names.table import look_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

_Unit, _Reader, _Storages = (
    look_up("unit of a program"),
    look_up("reader of archives"),
    look_up("storages of an archive"),
)
_program_of_package = look_up("program of a package")
_Writer, _Programs = look_up("writer of archives"), look_up("writer of programs")
_operator_versions = look_up("versions of operators")
_check_sparse = look_up("check of a sparse tensor")
_indices, _values = look_up("indices of a sparse tensor"), look_up("values of a sparse tensor")

_NUMBER_IN_PACKAGE = "0"
OLDEST_FORMAT = 3
"""What torch writes for code without operators that ever changed."""


class Loaded(NamedTuple):
    """A loaded module, the unit that all its code was compiled into, and what keeps the memory tensors were read to."""

    module: torch.jit.ScriptModule
    unit: Any
    storages: Any


class Operation(NamedTuple):
    """An operation of compiled code: the operator's name, the function it is in, and the node itself."""

    name: str
    place: str
    node: Any

    def first_input_kind(self) -> str:
        """What makes the first input, `prim::Constant` for one."""
        return next((str(value.node().kind()) for value in self.node.inputs()), "")

    def types(self) -> tuple[str, str]:
        """The types of the first input and of the first output."""
        inputs, outputs = list(self.node.inputs()), list(self.node.outputs())
        return inputs[0].type().annotation_str, outputs[0].type().annotation_str


def load_archive(archive: Any, map_location: torch.device | None) -> Loaded:
    """The module of an archive in the layout of `torch.package`, read from a Python file."""
    unit, storages = _Unit(), _Storages()
    compiled = _program_of_package(unit, _Reader(archive), storages, map_location, _NUMBER_IN_PACKAGE)
    return Loaded(wrap(compiled), unit, storages)


def write_records(module: torch.jit.ScriptModule, sink: Any) -> None:
    """Give the archive of a module to `sink.write`, piece by piece; tensors as views of their memory."""
    writer = _Writer(sink, False)
    serialiser = _Programs(writer)
    serialiser.serialize(module._c, int(_NUMBER_IN_PACKAGE))
    serialiser.write_files()
    writer.write_end_of_file()


def file_format(unit: Any) -> int:
    """The number of the oldest format that reads all code of a unit as this torch does; torch.package does not say."""
    changes: Any = _operator_versions()
    newest = {name: entries[-1].bumped_at_version for name, entries in changes.items() if entries}
    short = {name.partition(".")[0] for name in newest}
    found = (
        newest.get(operation.node.schema().partition("(")[0], OLDEST_FORMAT)
        for operation in operations(unit)
        if operation.name in short
    )
    return max(found, default=OLDEST_FORMAT)


def operations(unit: Any) -> Iterator[Operation]:
    """Every operation of all code of a unit, also of what nothing calls."""
    for function in unit.get_functions():
        waiting = [function.graph]
        while waiting:
            for node in waiting.pop().nodes():
                yield Operation(node.kind(), function.qualified_name, node)
                waiting += node.blocks()
                waiting += [node.g(name) for name in node.attributeNames() if node.kindOf(name) == "g"]


def sparse_problem(tensor: torch.Tensor) -> str:
    """Why a sparse tensor is none: torch makes them from files without a look. Nothing where it is whole."""
    if tensor.device.type == "meta":
        return ""
    try:
        _check_sparse(_indices(tensor), _values(tensor), tensor.shape)
    except (RuntimeError, IndexError, TypeError) as error:
        return str(error).splitlines()[0]
    return ""
