"""Calls in `__init__`: modules and containers of them, tensors, objects of Python."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.annotations import class_type
from scriptkit.language.types import (
    BOOL,
    DEVICE,
    FLOAT,
    INT,
    STR,
    TENSOR,
    UNKNOWN,
    List,
)
from scriptkit.language.values import ContainerValue, ModuleValue, PythonObject

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.members.scope import Scope

CONTAINERS = {
    f"torch.nn.{kind}": kind for kind in ("ModuleList", "Sequential", "ModuleDict", "ParameterList", "ParameterDict")
}


TENSOR_MAKERS = frozenset(
    {"torch.nn.Parameter", "torch.nn.Buffer", "torch.Tensor", "torch.FloatTensor", "torch.LongTensor"}
)


def read_call(scope: Scope, node: ast.Call) -> AnyValue:
    """A call, by what it makes."""
    dotted = scope.module.dotted(node.func)
    if dotted is None:
        return _method_call(scope, node)
    if dotted in CONTAINERS:
        return _container(scope, CONTAINERS[dotted], node)
    local = scope.module.classes.get(dotted)
    if local is not None and local.kind == "dataclass":
        return PythonObject("dataclass")
    if local is not None:
        return ModuleValue(local.name, local) if local.is_module else class_type(local, scope.annotations)
    if dotted in TENSOR_MAKERS:
        return TENSOR
    if dotted.startswith("torch.nn.") and dotted.count(".") == 2:  # noqa: PLR2004 - torch.nn.X
        name = dotted.rpartition(".")[2]
        return ModuleValue(name, library=name) if operators.nn_module(name) is not None else UNKNOWN
    if dotted.startswith("builtins."):
        return _builtin(scope, dotted, node)
    return _imported(dotted)


def _imported(dotted: str) -> AnyValue:
    operator = operators.operator_of(dotted)
    if operator is not None and dotted.startswith("torch."):
        returns = {schema.returns for schema in operators.overloads(operator)}
        return TENSOR if returns == {TENSOR} else UNKNOWN
    root = dotted.partition(".")[0]
    if root == "numpy":
        return PythonObject("numpy")
    if dotted == "functools.partial":
        return PythonObject("partial")
    if dotted in (
        "types.SimpleNamespace",
        "argparse.Namespace",
        "collections.deque",
        "collections.defaultdict",
        "threading.Lock",
        "threading.RLock",
        "logging.getLogger",
    ):
        return PythonObject("object")
    return DEVICE if dotted == "torch.device" else UNKNOWN


def _builtin(scope: Scope, dotted: str, node: ast.Call) -> AnyValue:
    plain = {
        "builtins.int": INT,
        "builtins.float": FLOAT,
        "builtins.bool": BOOL,
        "builtins.str": STR,
        "builtins.len": INT,
    }
    if dotted in plain:
        return plain[dotted]
    if dotted in ("builtins.set", "builtins.frozenset"):
        return PythonObject("set")
    if dotted in ("builtins.list", "builtins.dict") and not node.args and not node.keywords:
        return PythonObject(f"empty {dotted.rpartition('.')[2]}")
    if dotted == "builtins.list" and node.args:
        inner = scope.value(node.args[0])
        return inner if isinstance(inner, List) else UNKNOWN
    return UNKNOWN


def _method_call(scope: Scope, node: ast.Call) -> AnyValue:
    """`nn.Linear(2, 2).eval()`, `torch.ones(3).cumsum(0)`."""
    if not isinstance(node.func, ast.Attribute):
        return UNKNOWN
    if isinstance(node.func.value, (ast.Call, ast.BinOp, ast.Subscript)):
        receiver = scope.value(node.func.value)
        if receiver is TENSOR and operators.is_operator(node.func.attr):
            returns = {schema.returns for schema in operators.overloads(node.func.attr)}
            return TENSOR if returns == {TENSOR} else UNKNOWN
        if isinstance(receiver, ModuleValue) and node.func.attr in ("eval", "train", "to", "requires_grad_"):
            return receiver
    return UNKNOWN


def _container(scope: Scope, kind: str, node: ast.Call) -> AnyValue:
    given = list(node.args)
    if any(isinstance(part, ast.Starred) for part in given) or node.keywords:
        return ContainerValue(kind, element=UNKNOWN)
    if kind != "Sequential" and len(given) == 1:
        if isinstance(given[0], (ast.List, ast.Tuple)):
            given = list(given[0].elts)
        else:
            return _built(scope, kind, given[0])
    first = given[0] if len(given) == 1 else None
    if isinstance(first, ast.Call) and scope.module.dotted(first.func) == "collections.OrderedDict":
        return ContainerValue(kind, element=UNKNOWN)
    if any(isinstance(part, ast.Starred) for part in given):
        return ContainerValue(kind, element=UNKNOWN)
    items = tuple(scope.value(part) for part in given)
    grows = not items and kind != "Sequential"
    return ContainerValue(kind, None if grows else items, element=UNKNOWN if grows else None)


def _built(scope: Scope, kind: str, node: ast.expr) -> AnyValue:
    """A container built from a comprehension, a dict or whatever else."""
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        return ContainerValue(kind, element=scope.value(node.elt))
    if isinstance(node, ast.DictComp):
        return ContainerValue(kind, element=scope.value(node.value))
    if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) for k in node.keys):
        keys = tuple(str(k.value) for k in node.keys if isinstance(k, ast.Constant))
        return ContainerValue(kind, tuple(scope.value(v) for v in node.values), keys)
    return ContainerValue(kind, element=UNKNOWN)
