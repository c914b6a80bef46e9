"""Calls: of operators, of what was imported, and the choice of what a call is."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.explanations import attempt
from scriptkit.language.matching import Match, resolve
from scriptkit.language.types import (
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    Instance,
    List,
    Type,
)
from scriptkit.language.values import (
    BoundOperator,
    ClassValue,
    ContainerMethod,
    ContainerValue,
    DottedValue,
    FunctionValue,
    ModuleValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.operators import Schema
    from scriptkit.language.values import AnyValue
from scriptkit.language.callees import Arguments, Callees

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


def _is_foreign(function: AnyValue) -> bool:
    """Whether another file defines what is called."""
    if isinstance(function, ModuleValue):
        return function.cls is None and not function.library
    return function is UNKNOWN or isinstance(function, DottedValue)


class Calls(Callees):
    """The part of the pass that reads calls."""

    def call(self, node: ast.Call, hint: Type | None = None) -> AnyValue:
        """What a call gives."""
        special = self.special_form(node, hint)
        if special is not None:
            return special
        before = len(self.sink.problems)
        function = self.value(node.func)
        found = self.call_value(function, node)
        is_open = found is UNKNOWN and _is_foreign(function) and len(self.sink.problems) == before
        return self._told_call(node) if is_open else found

    def _told_call(self, node: ast.Call) -> AnyValue:
        """A call of what another file defines, as far as a door knows it."""
        schema = None if self.session.oracle is None else self.session.oracle.call_schema(node)
        return UNKNOWN if schema is None else self.call_schemas(node, schema.name, [schema])

    def special_form(self, node: ast.Call, hint: Type | None) -> AnyValue | None:
        """Builtins and torch functions the compiler treats as syntax."""
        raise NotImplementedError

    def call_value(self, function: AnyValue, node: ast.Call) -> AnyValue:
        """Call what has been evaluated."""
        if isinstance(function, DottedValue):
            return self._call_dotted(function.dotted, node)
        arguments = self.arguments(node)
        if isinstance(function, FunctionValue):
            return self._call_function(function, node, arguments)
        if isinstance(function, ModuleValue):
            return self._call_module(function, node, arguments)
        if isinstance(function, BoundOperator):
            return self._call_bound(function, node, arguments)
        if isinstance(function, ClassValue):
            return self._construct(function.cls, node, arguments)
        if isinstance(function, ContainerValue):
            return self._call_container(function, node, arguments)
        if isinstance(function, ContainerMethod):
            return self._container_method(function, node)
        return self._call_type(function, node, arguments) if isinstance(function, Type) else UNKNOWN

    def _call_type(self, function: Type, node: ast.Call, arguments: Arguments) -> AnyValue:
        """A value takes no call, unless it is an object with a `__call__`."""
        if isinstance(function, Instance) and function.kind == "script-class":
            called = self.instance_attribute(function, "__call__", node.func)
            return self._call_function(called, node, arguments) if isinstance(called, FunctionValue) else UNKNOWN
        if function.has_unknown or isinstance(function, Instance) or not self.need(function, node.func, "a call"):
            return UNKNOWN
        return self.report("value-not-callable", node, type=function, text=ast.unparse(node.func))

    def _call_bound(self, function: BoundOperator, node: ast.Call, arguments: Arguments) -> AnyValue:
        name = function.name
        if function.receiver is TENSOR:
            special = self.tensor_method(function, node, arguments)
            if special is not None:
                return special
        positional, keywords = self.typed(arguments, name)
        if arguments.open:
            return UNKNOWN
        schemas = operators.overloads(name)
        receiver_node = function.node if function.node is not None else node.func
        found = resolve(schemas, [function.receiver, *positional], keywords)
        if isinstance(found, Match):
            return self._returned(found, function.receiver)
        if isinstance(function.receiver, List) and self._element(function, name, positional, arguments, receiver_node):
            return UNKNOWN
        nodes = [receiver_node, *arguments.nodes]
        return self.explain(
            attempt(node, name, schemas, [function.receiver, *positional], keywords, nodes, arguments.keyword_nodes)
        )

    def tensor_method(self, function: BoundOperator, node: ast.Call, arguments: Arguments) -> AnyValue | None:
        """Methods the compiler treats as syntax."""
        raise NotImplementedError

    def _element(
        self, function: BoundOperator, name: str, positional: Sequence[Type], arguments: Arguments, holder: ast.expr
    ) -> bool:
        """`xs.append(value)` with a value that is no element of the list."""
        if name not in ("append", "insert", "extend") or not positional or not isinstance(function.receiver, List):
            return False
        element = positional[-1]
        if name == "extend":
            if not isinstance(element, List):
                return False
            element = element.element
        self.element_problem(holder, arguments.nodes[-1] if arguments.nodes else holder, function.receiver, element)
        return True

    @staticmethod
    def _returned(found: Match, _receiver: Type) -> Type:
        return found.returns

    def _call_dotted(self, dotted: str, node: ast.Call) -> AnyValue:
        operator = operators.operator_of(dotted)
        if operator is not None:
            return self.call_schemas(node, dotted.rpartition(".")[2], operators.overloads(operator))
        schemas = operators.python_function(dotted)
        if schemas:
            return self._python_function(dotted, schemas, node)
        if self._is_external(dotted):
            with self.sink.muted():
                self.arguments(node)
            return self.report("external-call", node, name=dotted, root=dotted.partition(".")[0])
        before = len(self.sink.problems)
        arguments = self.arguments(node)
        if dotted in TYPED_TENSORS:
            return TENSOR
        if dotted == "collections.OrderedDict":
            return UNKNOWN if node.args or node.keywords else Dict(STR, TENSOR)
        if len(self.sink.problems) > before:
            return UNKNOWN
        refused = self._refused(dotted, node, arguments)
        return UNKNOWN if refused is None else refused

    @staticmethod
    def _is_external(dotted: str) -> bool:
        root, _, tail = dotted.partition(".")
        if root == "collections":
            return False
        return (root in STANDARD_LIBRARY and bool(tail)) or root in THIRD_PARTY

    def _refused(self, dotted: str, node: ast.Call, arguments: Arguments) -> AnyValue | None:
        root, _, tail = dotted.partition(".")
        last = dotted.rpartition(".")[2]
        if operators.is_refused(dotted) or dotted.startswith(REFUSED_PREFIXES):
            return self.report("unsupported-torch-function", node, name=dotted)
        if dotted in LEGACY:
            return self.report("legacy-tensor-constructor", node, name=dotted)
        if dotted in ("torch.finfo", "torch.iinfo"):
            return self._finfo(dotted, node, arguments)
        if last in CONTAINERS and root in ("collections", "typing"):
            return self.report("unsupported-container", node, name=last)
        if dotted.startswith("torch.nn.") and dotted.count(".") == 2:  # noqa: PLR2004 - torch.nn.X
            if last in ("Parameter", "Buffer") or operators.nn_module(last) is not None:
                return self.report("module-created", node, name=dotted)
            return None
        if (root == "math" and tail) or self._unknown_in_torch(dotted):
            return self.report("unsupported-torch-function", node, name=dotted)
        return None

    @staticmethod
    def _unknown_in_torch(dotted: str) -> bool:
        """A lower-case name of `torch` or `torch.nn.functional` that the table does not have at all."""
        prefix, _, name = dotted.rpartition(".")
        return prefix == "torch.nn.functional" and name[:1].islower()

    def _finfo(self, dotted: str, node: ast.Call, _arguments: Arguments) -> AnyValue | None:
        return DottedValue(f"{dotted}()") if node.args else None

    def _python_function(self, dotted: str, schemas: Sequence[Schema], node: ast.Call) -> AnyValue:
        chooser = operators.dispatch_argument(dotted)
        if chooser is not None:
            given = next((k.value for k in node.keywords if k.arg == chooser), None)
            if given is None:
                schemas = schemas[:1]
            elif isinstance(given, ast.Constant):
                schemas = schemas[1:] if given.value else schemas[:1]
            elif self.constant(given) is None:
                self.arguments(node)
                return self.report("builtin-signature", node, name=dotted, why=f"`{chooser}` is no literal")
            else:
                self.arguments(node)
                return UNKNOWN
        return self.call_schemas(node, dotted.rpartition(".")[2], schemas)

    def call_schemas(self, node: ast.Call, name: str, schemas: Sequence[Schema]) -> AnyValue:
        """Call something that has schemas."""
        arguments = self.arguments(node)
        positional, keywords = self.typed(arguments, name)
        if arguments.open:
            return UNKNOWN
        found = resolve(schemas, positional, keywords)
        if isinstance(found, Match):
            return found.returns
        return self.explain(
            attempt(node, name, schemas, positional, keywords, arguments.nodes, arguments.keyword_nodes)
        )
