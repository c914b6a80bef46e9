"""What archived code may do without being trusted: compute. Found by reading it, before torch sees the file.

Loading a TorchScript file runs three things of it: `__setstate__` methods, the default values of parameters, and the
values of class constants. Called methods may further read and write files. A model file remains code: the audit
refuses what has no place in a model, it is no sandbox.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from scriptkit.artifact.archived_code import parsed
from scriptkit.artifact.pickles import named_globals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FORBIDDEN_OPERATORS = frozenset({"aten::save", "aten::from_file", "debugprims::load_tensor"})
FORBIDDEN_NAMESPACES = frozenset({"c10d", "_c10d_functional", "c10d_functional", "symm_mem", "dist_rpc"})
_FORBIDDEN_PRIMITIVES = re.compile(r"rpc_\w+")
_HARMLESS_GLOBALS = re.compile(
    r"__torch__\.(?!torch\.classes\.)|torch\.jit\._pickle\.\w+$|torch\._utils\._rebuild_\w+$|torch\.\w+Storage$|collections\.OrderedDict$"
    r"|torch\.per_(?:tensor|channel)_\w+$"
)
_HARMLESS_CALLS = frozenset({"torch.device", "float", "annotate"})


def audit(names: Iterable[str], read: Callable[[str], bytes]) -> list[str]:
    """What the entries would do that a model has no need of, one sentence for each."""
    findings: list[str] = []
    for name in names:
        if name.startswith("code/") and name.endswith(".py"):
            findings += _audit_code(name, parsed(name, read(name)))
        elif name.endswith(".pkl"):
            findings += _audit_pickle(name, read(name))
    return findings


def audit_operators(names: Iterable[str]) -> list[str]:
    """What the operators of a loaded module would do; sees through every way of writing a call."""
    return [f"the model calls `{name}`" for name in names if _is_forbidden(name.partition(".")[0])]


def _is_forbidden(operator: str) -> bool:
    namespace, _, name = operator.partition("::")
    return (
        operator in FORBIDDEN_OPERATORS
        or namespace in FORBIDDEN_NAMESPACES
        or (namespace == "prim" and bool(_FORBIDDEN_PRIMITIVES.match(name)))
    )


def _audit_pickle(name: str, data: bytes) -> Iterator[str]:
    for asked in named_globals(data):
        if not _HARMLESS_GLOBALS.match(asked):
            yield f"`{name}` asks for `{asked}` while it is loaded"


def _audit_code(name: str, tree: ast.Module) -> Iterator[str]:
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef):
            yield from _audit_class(name, statement)
        elif not isinstance(statement, ast.FunctionDef) and not _is_literal(statement):
            yield f"`{name}` line {statement.lineno} runs while the file is loaded"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from _audit_defaults(name, node)
        elif isinstance(node, ast.Call) and _is_forbidden(_operator(node.func)):
            yield f"`{name}` line {node.lineno} calls `{ast.unparse(node.func)}`"


def _audit_class(name: str, cls: ast.ClassDef) -> Iterator[str]:
    for statement in cls.body:
        if isinstance(statement, ast.FunctionDef):
            if statement.name == "__setstate__":
                yield f"`{name}` line {statement.lineno}: `{cls.name}.__setstate__` runs while the file is loaded"
        elif not _is_literal(statement):
            yield f"`{name}` line {statement.lineno}: `{cls.name}` computes a value while the file is loaded"


def _audit_defaults(name: str, function: ast.FunctionDef) -> Iterator[str]:
    defaults = [*function.args.defaults, *(default for default in function.args.kw_defaults if default)]
    if not all(map(_is_literal, defaults)):
        where = f"`{name}` line {function.lineno}"
        yield f"{where}: a default value of `{function.name}` is computed while the file is loaded"


def _is_literal(node: ast.AST) -> bool:
    """Whether a statement or expression calls nothing but what makes a literal."""
    calls = (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))
    blocks = (inner for inner in ast.walk(node) if isinstance(inner, (ast.While, ast.For, ast.With, ast.comprehension)))
    return all(ast.unparse(call.func) in _HARMLESS_CALLS for call in calls) and not any(blocks)


def _operator(function: ast.expr) -> str:
    """The operator a call names: `torch.save` is `aten::save`, `ops.aten.save` too; otherwise nothing."""
    dotted = ast.unparse(function)
    if dotted.startswith("torch."):
        return "aten::" + dotted.removeprefix("torch.")
    return "::".join(dotted.split(".")[1:3]) if dotted.startswith(("ops.", "torch.ops.")) else ""
