"""Values of TorchScript's simple types as Python literals, and back."""

from __future__ import annotations

import ast
import math

import torch

from scriptkit.errors import ArtifactError
from scriptkit.language.parsing import syntax_tree

_SHOWN = 60


def literal_text(value: object) -> str:
    """The literal of a number, string, None, device, or a list, tuple or dictionary of them."""
    if isinstance(value, torch.device):
        return f"device({str(value)!r})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal_text(key)}: {literal_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal_text, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal_text, value)) + ("," if len(value) == 1 else "") + ")"
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return repr(value)
    message = f"a {type(value).__name__} has no literal"
    raise ArtifactError(message)


def default_text(value: object) -> str:
    """The literal of a default value; `...` for tensors and members of enums, whose class a process may not have."""
    try:
        return literal_text(value)
    except ArtifactError:
        return "..."


def has_literal(text: str) -> bool:
    """Whether the text of a default is one that can be evaluated."""
    return text not in ("", "...")


def literal_value(text: str) -> object:
    """The value of such a literal; raises ArtifactError for anything else."""
    try:
        return _value(syntax_tree(text, mode="eval").body)
    except (
        SyntaxError,
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        RecursionError,
        MemoryError,
        IndexError,
    ) as error:
        message = f"no literal of TorchScript: {text[:_SHOWN]}"
        raise ArtifactError(message) from error


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.Name):
        return {"inf": math.inf, "nan": math.nan}[node.id]
    if isinstance(node, ast.Call):
        if ast.unparse(node.func) not in ("device", "torch.device"):
            raise ValueError
        return torch.device(ast.literal_eval(node.args[0]))
    if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Name):
        return -math.inf
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return {_value(key): _value(item) for key, item in zip(node.keys, node.values, strict=True) if key is not None}
    return ast.literal_eval(node)
