"""Calls of what was imported: operators of torch, functions that no compiled code can call."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.inference.arguments import evaluate_arguments, typed_arguments
from scriptkit.language.inference.explanations import attempt, explain
from scriptkit.language.inference.matching import Match, resolve
from scriptkit.language.inference.subscripts import constant_index
from scriptkit.language.problems.calls import (
    BuiltinSignature,
    ExternalCall,
    LegacyTensorConstructor,
    UnsupportedContainer,
    UnsupportedTorchFunction,
)
from scriptkit.language.problems.modules import ModuleCreated
from scriptkit.language.types import STR, TENSOR, UNKNOWN, Dict
from scriptkit.language.values import DottedValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body
    from scriptkit.language.operators import Schema

STANDARD_LIBRARY = frozenset(
    {
        "copy", "itertools", "functools", "random", "time", "os", "sys", "json", "re", "logging", "datetime", "pathlib",
        "collections", "contextlib", "inspect", "io", "pickle", "string", "uuid", "statistics", "bisect", "heapq",
        "shutil",
        "subprocess", "threading", "traceback", "gc", "glob", "hashlib", "tempfile", "textwrap", "pprint", "operator",
    },
)  # fmt: skip


THIRD_PARTY = frozenset(
    {"numpy", "cv2", "PIL", "scipy", "pandas", "matplotlib", "sklearn", "skimage", "tqdm", "einops", "jax",
    "tensorflow",
     "requests", "yaml", "wandb", "networkx", "sympy", "numba", "joblib", "opt_einsum"},
)  # fmt: skip


# Packages written for torch have functions that script; of these it is known that they do not.
OF_PYTHON = {
    "einops": frozenset({"asnumpy", "einsum", "pack", "parse_shape", "rearrange", "reduce", "repeat", "unpack"}),
    "opt_einsum": frozenset({"contract", "contract_expression", "contract_path"}),
}


CONTAINERS = frozenset({"defaultdict", "deque", "Counter", "namedtuple", "ChainMap", "UserDict"})


LEGACY = frozenset({"torch.Tensor"})


TYPED_TENSORS = frozenset(
    f"torch.{kind}Tensor"
    for kind in ("Float", "Long", "Int", "Bool", "Double", "Half", "Byte", "Short", "Char", "BFloat16")
)


REFUSED_PREFIXES = (
    "torch.distributions.",
    "torch.utils.checkpoint.",
    "torch.func.",
    "torch.autograd.functional.",
    "torch.fx.",
)


def call_dotted(body: Body, dotted: str, node: ast.Call) -> AnyValue:
    """A function known by its dotted name."""
    operator = operators.operator_of(dotted)
    if operator is not None:
        return call_schemas(body, node, dotted.rpartition(".")[2], operators.overloads(operator))
    schemas = operators.python_function(dotted)
    if schemas:
        return _python_function(body, dotted, schemas, node)
    if _is_external(dotted):
        with body.sink.muted():
            evaluate_arguments(body, node)
        return body.report(ExternalCall(name=dotted, root=dotted.partition(".")[0]), node)
    before = len(body.sink.problems)
    evaluate_arguments(body, node)
    if dotted in TYPED_TENSORS:
        return TENSOR
    if dotted == "collections.OrderedDict":
        return UNKNOWN if node.args or node.keywords else Dict(STR, TENSOR)
    if len(body.sink.problems) > before:
        return UNKNOWN
    refused = _refused(body, dotted, node)
    return UNKNOWN if refused is None else refused


def _is_external(dotted: str) -> bool:
    root, _, tail = dotted.partition(".")
    if root == "collections":
        return False
    if root in OF_PYTHON:
        return dotted.rpartition(".")[2] in OF_PYTHON[root]
    return (root in STANDARD_LIBRARY and bool(tail)) or root in THIRD_PARTY


def _refused(body: Body, dotted: str, node: ast.Call) -> AnyValue | None:
    root, _, tail = dotted.partition(".")
    last = dotted.rpartition(".")[2]
    if operators.is_refused(dotted) or dotted.startswith(REFUSED_PREFIXES):
        return body.report(UnsupportedTorchFunction(name=dotted), node)
    if dotted in LEGACY:
        return body.report(LegacyTensorConstructor(name=dotted), node)
    if dotted in ("torch.finfo", "torch.iinfo"):
        return DottedValue(f"{dotted}()") if node.args else None
    if last in CONTAINERS and root in ("collections", "typing"):
        return body.report(UnsupportedContainer(name=last), node)
    if dotted.startswith("torch.nn.") and dotted.count(".") == 2:  # noqa: PLR2004 - torch.nn.X
        if last in ("Parameter", "Buffer") or operators.nn_module(last) is not None:
            return body.report(ModuleCreated(name=dotted), node)
        return None
    if (root == "math" and tail) or _unknown_in_torch(dotted):
        return body.report(UnsupportedTorchFunction(name=dotted), node)
    return None


def _unknown_in_torch(dotted: str) -> bool:
    """A lower-case name of `torch` or `torch.nn.functional` that the table does not have at all."""
    prefix, _, name = dotted.rpartition(".")
    return prefix == "torch.nn.functional" and name[:1].islower()


def _python_function(body: Body, dotted: str, schemas: Sequence[Schema], node: ast.Call) -> AnyValue:
    chooser = operators.dispatch_argument(dotted)
    if chooser is not None:
        given = next((k.value for k in node.keywords if k.arg == chooser), None)
        if given is None:
            schemas = schemas[:1]
        elif isinstance(given, ast.Constant):
            schemas = schemas[1:] if given.value else schemas[:1]
        elif constant_index(body, given) is None:
            evaluate_arguments(body, node)
            return body.report(BuiltinSignature(name=dotted, why=f"`{chooser}` is no literal"), node)
        else:
            evaluate_arguments(body, node)
            return UNKNOWN
    return call_schemas(body, node, dotted.rpartition(".")[2], schemas)


def call_schemas(body: Body, node: ast.Call, name: str, schemas: Sequence[Schema]) -> AnyValue:
    """Call something that has schemas."""
    arguments = evaluate_arguments(body, node)
    positional, keywords = typed_arguments(body, arguments, name)
    if arguments.open:
        return UNKNOWN
    found = resolve(schemas, positional, keywords)
    if isinstance(found, Match):
        return found.returns
    return explain(body, attempt(node, name, schemas, positional, keywords, arguments.nodes, arguments.keyword_nodes))
