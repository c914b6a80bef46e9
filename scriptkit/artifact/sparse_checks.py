"""Do the indices of sparse tensors stay within their sizes? torch makes them from a file without a look.

Asked of the loaded tensors, before anything computes with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.artifact.pickles import Instance, Mapping, Reduced, Sequence, walk
from scriptkit.artifact.tensor_checks import DENSE, is_no_hook
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    import torch

SPARSE = "torch._utils._rebuild_sparse_tensor"
_COORDINATES = 1
"""The layout of tensors that list the coordinates of their elements; torch pickles no other from a module."""


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse tensor, described as torch describes one."""
    if not isinstance(value, Reduced) or value.function != SPARSE or not isinstance(value.argument, Sequence):
        return False
    match value.argument.items:
        case [int() as layout, Sequence(items=size), bool(), Reduced() as indices, Reduced() as values, hooks]:
            are_dense = indices.function == values.function == DENSE
            are_numbers = all(type(item) is int and 0 <= item < 1 << 62 for item in size)
            return layout == _COORDINATES and are_dense and are_numbers and is_no_hook(hooks)
    return False


def check_sparse(tree: Any, module: torch.jit.ScriptModule) -> None:
    """Raise ArtifactError unless every sparse tensor of a loaded module is a whole one."""
    if any(map(is_sparse, walk(tree))):
        _check(tree, module)


def _check(node: Any, value: Any) -> None:
    if is_sparse(node):
        _check_tensor(value)
    elif isinstance(node, Instance) and isinstance(node.state, Mapping):
        for key, inner in node.state.pairs:
            if any(map(is_sparse, walk(inner))):
                _check(inner, getattr(value, key))
    elif isinstance(node, Reduced) and isinstance(node.argument, Sequence) and node.argument.items:
        _check(node.argument.items[0], value)
    elif isinstance(node, Mapping):
        for key, inner in node.pairs:
            _check(inner, value[key] if any(map(is_sparse, walk(inner))) else None)
    elif isinstance(node, Sequence):
        for place, inner in enumerate(node.items):
            _check(inner, value[place] if any(map(is_sparse, walk(inner))) else None)


def _check_tensor(tensor: torch.Tensor) -> None:
    problem = files.sparse_problem(tensor)
    if problem:
        raise ArtifactError(f"a sparse tensor of the file has elements beyond its size: {problem}")
