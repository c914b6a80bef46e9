"""What an attribute of a module is to compiled code: from its annotation, else from what `__init__` assigns.

The compiler looks at the instance; source text knows less. What depends on how the object was built is `UNKNOWN`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language import operators
from scriptkit.language.abstract import AnyValue, Sugared
from scriptkit.language.annotations import Annotations, class_type
from scriptkit.language.types import (
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    List,
    Tuple,
    Type,
    optional,
)
from scriptkit.language.values import ClassValue, ContainerValue, DottedValue, FunctionValue, ModuleValue, PythonObject

if TYPE_CHECKING:
    from scriptkit.language.facts import Assignment, AttributeFacts, ClassFacts, FunctionFacts, ModuleFacts

CONTAINERS = {
    f"torch.nn.{kind}": kind for kind in ("ModuleList", "Sequential", "ModuleDict", "ParameterList", "ParameterDict")
}
CONSTANTS: dict[type, Type] = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX, str: STR, type(None): NONE}
TENSOR_MAKERS = frozenset(
    {"torch.nn.Parameter", "torch.nn.Buffer", "torch.Tensor", "torch.FloatTensor", "torch.LongTensor"}
)
WHAT = {
    "numpy": "numpy",
    "functools": "partial",
    "collections": "object",
    "logging": "object",
    "threading": "object",
    "random": "object",
}


class Members:
    """Answers what `self.name` is, for the classes of one file."""

    def __init__(self, module: ModuleFacts, annotations: Annotations) -> None:
        self.module = module
        self.annotations = annotations
        self._busy: set[object] = set()
        self._known: dict[tuple[str, str], AnyValue | None] = {}

    def assigned(self, cls: ClassFacts, attribute: AttributeFacts) -> AnyValue | None:
        """What `__init__` puts into an attribute; None where no assignment has a value."""
        key = (cls.qualname, attribute.name)
        if key not in self._known:
            if key in self._busy:
                return UNKNOWN
            self._busy.add(key)
            self._known[key] = self._join(cls, attribute)
            self._busy.discard(key)
        return self._known[key]

    def _join(self, cls: ClassFacts, attribute: AttributeFacts) -> AnyValue | None:
        if not attribute.init:
            return None
        if attribute.registered in ("parameter", "buffer"):
            values = [self._registered(cls, a) for a in attribute.init]
        else:
            values = [UNKNOWN if a.value is None else self.evaluate(a.value, cls, a.method) for a in attribute.init]
        first = values[0]
        if attribute.mutations and (
            isinstance(first, (List, Dict)) or (isinstance(first, PythonObject) and first.what != "set")
        ):
            return self._filled(cls, attribute)
        if len(values) == 1:
            return first
        if attribute.init[-1].conditions == () and all(not a.conditions for a in attribute.init):
            return values[-1]
        if all(isinstance(value, Type) for value in values):
            return first if all(first == other for other in values) else UNKNOWN
        return _join_modules(values)

    def _filled(self, cls: ClassFacts, attribute: AttributeFacts) -> AnyValue:
        """A list or dict filled in `__init__` after it was created empty."""
        method = attribute.init[0].method
        for value in attribute.mutations:
            if value is not None and isinstance(self.evaluate(value, cls, method), (ModuleValue, ContainerValue)):
                return PythonObject("list of modules")
        return UNKNOWN

    def _registered(self, cls: ClassFacts, assignment: Assignment) -> AnyValue:
        if assignment.value is None:
            return UNKNOWN
        value = self.evaluate(assignment.value, cls, assignment.method)
        return value if isinstance(value, Type) and value in (NONE, TENSOR) else UNKNOWN

    # -- expressions of `__init__` ---------------------------------------------
    def evaluate(  # noqa: PLR0911 - one line for each kind of expression
        self, node: ast.expr, cls: ClassFacts | None, method: FunctionFacts | None
    ) -> AnyValue:
        """The value of an expression that Python evaluates, as far as its text tells."""
        if isinstance(node, ast.Constant):
            return CONSTANTS.get(type(node.value), PythonObject("object"))
        if isinstance(node, ast.UnaryOp):
            inner = self.evaluate(node.operand, cls, method)
            return BOOL if isinstance(node.op, ast.Not) else inner if inner in (INT, FLOAT, TENSOR) else UNKNOWN
        if isinstance(node, ast.Call):
            return self._call(node, cls, method)
        if isinstance(node, (ast.List, ast.Tuple, ast.Dict)):
            return self._display(node, cls, method)
        if isinstance(node, (ast.ListComp, ast.DictComp)):
            return self._comprehension(node, cls, method)
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node, cls, method)
        if isinstance(node, ast.Compare):
            return BOOL if all(isinstance(op, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for op in node.ops) else UNKNOWN
        if isinstance(node, ast.JoinedStr):
            return STR
        if isinstance(node, ast.Lambda):
            return PythonObject("lambda")
        if isinstance(node, (ast.Set, ast.SetComp)):
            return PythonObject("set")
        if isinstance(node, ast.IfExp):
            left, right = self.evaluate(node.body, cls, method), self.evaluate(node.orelse, cls, method)
            return left if isinstance(left, Type) and left == right else UNKNOWN
        return self._name(node, cls, method)

    def _name(self, node: ast.expr, cls: ClassFacts | None, method: FunctionFacts | None) -> AnyValue:
        if isinstance(node, ast.Name) and method is not None:
            found = self._local(node.id, cls, method)
            if found is not None:
                return found
        if isinstance(node, ast.Attribute) and cls is not None and self._is_self(node.value, method):
            attribute = cls.attributes.get(node.attr)
            if attribute is None:
                return UNKNOWN
            found = self.assigned(cls, attribute) if attribute.init else None
            return UNKNOWN if found is None else found
        dotted = self.module.dotted(node)
        if dotted is None:
            return UNKNOWN
        if dotted in self.module.functions:
            return FunctionValue(self.module.functions[dotted])
        if dotted in self.module.classes:
            return ClassValue(self.module.classes[dotted])
        constant = operators.constant_type(dotted) if dotted.startswith(("torch.", "math.")) else None
        if constant is not None:
            return constant
        if operators.operator_of(dotted) or operators.python_function(dotted):
            return DottedValue(dotted)
        return UNKNOWN

    @staticmethod
    def _is_self(node: ast.expr, method: FunctionFacts | None) -> bool:
        return method is not None and isinstance(node, ast.Name) and node.id == method.self_name

    def _local(self, name: str, cls: ClassFacts | None, method: FunctionFacts) -> AnyValue | None:
        """A parameter, by its annotation, or a local assigned once at the top of the method."""
        key = (method.node, name)
        if key in self._busy:
            return UNKNOWN
        stores = [
            n for n in method.descendants if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
        ]
        parameter = next((p for p in method.parameters if p.name == name), None)
        if parameter is not None:
            return (
                UNKNOWN if stores or parameter.kind in ("varargs", "kwargs") else self._parameter(parameter.annotation)
            )
        if not stores:
            return None
        statement = self.module.parent(stores[0])
        if len(stores) > 1 or not isinstance(statement, ast.Assign) or self.module.parent(statement) is not method.node:
            return UNKNOWN
        self._busy.add(key)
        try:
            return self.evaluate(statement.value, cls, method) if statement.targets == [stores[0]] else UNKNOWN
        finally:
            self._busy.discard(key)

    def _parameter(self, annotation: ast.expr | None) -> AnyValue:
        """What callers pass: text cannot tell an int given for a float, nor None for an Optional."""
        if annotation is None:
            return UNKNOWN
        declared, bad = self.annotations.read(annotation)
        return declared if not bad and declared in (INT, STR, BOOL, TENSOR) else UNKNOWN

    def _display(
        self, node: ast.List | ast.Tuple | ast.Dict, cls: ClassFacts | None, method: FunctionFacts | None
    ) -> AnyValue:
        if isinstance(node, ast.Dict):
            return self._dict(node, cls, method)
        parts = [self.evaluate(part, cls, method) for part in node.elts]
        bad = self._python_parts(parts, "list")
        if bad is not None:
            return bad
        types = [part for part in parts if isinstance(part, Type)]
        if isinstance(node, ast.Tuple):
            return Tuple(types)
        if not types:
            return PythonObject("empty list")
        if any(t.has_unknown for t in types):
            return UNKNOWN
        some = [t for t in types if t is not NONE] or types
        if any(t != some[0] for t in some):
            return PythonObject("mixed list")
        return List(some[0] if len(some) == len(types) else optional(some[0]))

    def _dict(self, node: ast.Dict, cls: ClassFacts | None, method: FunctionFacts | None) -> AnyValue:
        if not node.keys:
            return PythonObject("empty dict")
        keys = [UNKNOWN if key is None else self.evaluate(key, cls, method) for key in node.keys]
        values = [self.evaluate(value, cls, method) for value in node.values]
        bad = self._python_parts(values, "dict")
        if bad is not None:
            return bad
        key, value = keys[0], values[0]
        if not isinstance(key, Type) or not isinstance(value, Type) or any(not isinstance(k, Type) for k in keys):
            return UNKNOWN
        if any(isinstance(t, Type) and (t.has_unknown or t is NONE) for t in (*keys, *values)):
            return UNKNOWN
        if all(k == key for k in keys) and all(v == value for v in values):
            return Dict(key, value)
        return PythonObject("mixed dict")

    @staticmethod
    def _python_parts(parts: list[AnyValue], where: str) -> AnyValue | None:
        """What a list or dict with parts that are no values is: never readable in compiled code."""
        for part in parts:
            if isinstance(part, (ModuleValue, ContainerValue)):
                return PythonObject(f"{where} of modules")
            if isinstance(part, (FunctionValue, DottedValue)) or (
                isinstance(part, PythonObject) and part.what == "lambda"
            ):
                return PythonObject(f"{where} of functions")
            if isinstance(part, PythonObject):
                return UNKNOWN if part.what.startswith("empty ") else PythonObject("object")
            if isinstance(part, Sugared):
                return UNKNOWN
        return None

    def _comprehension(
        self, node: ast.ListComp | ast.DictComp, cls: ClassFacts | None, method: FunctionFacts | None
    ) -> AnyValue:
        value = node.elt if isinstance(node, ast.ListComp) else node.value
        element = self.evaluate(value, cls, method)
        if isinstance(element, (ModuleValue, ContainerValue)):
            return PythonObject("list of modules" if isinstance(node, ast.ListComp) else "dict of modules")
        is_plain = isinstance(element, Type) and element in (TENSOR, STR, FLOAT)
        return List(element) if is_plain and isinstance(element, Type) and isinstance(node, ast.ListComp) else UNKNOWN

    def _arithmetic(self, node: ast.BinOp, cls: ClassFacts | None, method: FunctionFacts | None) -> AnyValue:
        left, right = self.evaluate(node.left, cls, method), self.evaluate(node.right, cls, method)
        if TENSOR in (left, right) and not isinstance(left, Sugared) and not isinstance(right, Sugared):
            return TENSOR if UNKNOWN not in (left, right) else UNKNOWN
        if left is STR and isinstance(node.op, ast.Mod):
            return STR
        if left not in (INT, FLOAT) or right not in (INT, FLOAT):
            return left if left is STR and right is STR else UNKNOWN
        if isinstance(node.op, ast.Div) or FLOAT in (left, right):
            return FLOAT
        if isinstance(node.op, ast.Pow):
            return (
                INT
                if isinstance(node.right, ast.Constant)
                else FLOAT
                if isinstance(node.right, ast.UnaryOp)
                else UNKNOWN
            )
        return INT

    # -- calls ------------------------------------------------------------------
    def _call(self, node: ast.Call, cls: ClassFacts | None, method: FunctionFacts | None) -> AnyValue:
        dotted = self.module.dotted(node.func)
        if dotted is None:
            return self._method_call(node, cls, method)
        if dotted in CONTAINERS:
            return self._container(CONTAINERS[dotted], node, cls, method)
        local = self.module.classes.get(dotted)
        if local is not None:
            return ModuleValue(local.name, local) if local.is_module else class_type(local, self.annotations)
        if dotted in TENSOR_MAKERS:
            return TENSOR
        if dotted.startswith("torch.nn.") and dotted.count(".") == 2:  # noqa: PLR2004 - torch.nn.X
            name = dotted.rpartition(".")[2]
            return ModuleValue(name, library=name) if operators.nn_module(name) is not None else UNKNOWN
        if dotted.startswith("builtins."):
            return self._builtin(dotted, node, cls, method)
        return self._imported(dotted)

    @staticmethod
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
            "collections.deque",
            "collections.defaultdict",
            "threading.Lock",
            "threading.RLock",
            "logging.getLogger",
        ):
            return PythonObject("object")
        return DEVICE if dotted == "torch.device" else UNKNOWN

    def _builtin(self, dotted: str, node: ast.Call, cls: ClassFacts | None, method: FunctionFacts | None) -> AnyValue:
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
        if dotted == "builtins.list":
            inner = self.evaluate(node.args[0], cls, method)
            return inner if isinstance(inner, List) else UNKNOWN
        return UNKNOWN

    def _method_call(self, node: ast.Call, cls: ClassFacts | None, method: FunctionFacts | None) -> AnyValue:
        """`nn.Linear(2, 2).eval()`, `torch.ones(3).cumsum(0)`."""
        if not isinstance(node.func, ast.Attribute):
            return UNKNOWN
        if isinstance(node.func.value, (ast.Call, ast.BinOp, ast.Subscript)):
            receiver = self.evaluate(node.func.value, cls, method)
            if receiver is TENSOR and operators.is_operator(node.func.attr):
                returns = {schema.returns for schema in operators.overloads(node.func.attr)}
                return TENSOR if returns == {TENSOR} else UNKNOWN
            if isinstance(receiver, ModuleValue) and node.func.attr in ("eval", "train", "to", "requires_grad_"):
                return receiver
        return UNKNOWN

    def _container(
        self,
        kind: str,
        node: ast.Call,
        cls: ClassFacts | None,
        method: FunctionFacts | None,
    ) -> AnyValue:
        given = list(node.args)
        if any(isinstance(part, ast.Starred) for part in given) or node.keywords:
            return ContainerValue(kind, element=UNKNOWN)
        if kind != "Sequential" and len(given) == 1:
            if isinstance(given[0], (ast.List, ast.Tuple)):
                given = list(given[0].elts)
            else:
                return self._built(kind, given[0], cls, method)
        first = given[0] if len(given) == 1 else None
        if isinstance(first, ast.Call) and self.module.dotted(first.func) == "collections.OrderedDict":
            return ContainerValue(kind, element=UNKNOWN)
        if any(isinstance(part, ast.Starred) for part in given):
            return ContainerValue(kind, element=UNKNOWN)
        items = tuple(self.evaluate(part, cls, method) for part in given)
        grows = not items and kind != "Sequential"
        return ContainerValue(kind, None if grows else items, element=UNKNOWN if grows else None)

    def _built(self, kind: str, node: ast.expr, cls: ClassFacts | None, method: FunctionFacts | None) -> AnyValue:
        """A container built from a comprehension, a dict or whatever else."""
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return ContainerValue(kind, element=self.evaluate(node.elt, cls, method))
        if isinstance(node, ast.DictComp):
            return ContainerValue(kind, element=self.evaluate(node.value, cls, method))
        if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) for k in node.keys):
            keys = tuple(str(k.value) for k in node.keys if isinstance(k, ast.Constant))
            return ContainerValue(kind, tuple(self.evaluate(v, cls, method) for v in node.values), keys)
        return ContainerValue(kind, element=UNKNOWN)


def _join_modules(values: list[AnyValue]) -> AnyValue:
    """A submodule made in several places: of one class, or of one we name no further; perhaps None."""
    modules = [value for value in values if isinstance(value, ModuleValue)]
    others = [value for value in values if not isinstance(value, ModuleValue)]
    if not modules or any(value is not NONE for value in others):
        return UNKNOWN
    first = modules[0]
    one_class = all(m.name == first.name and m.cls is first.cls for m in modules)
    if not others:
        return first if one_class else UNKNOWN
    return ModuleValue(first.name, first.cls if one_class else None, first.library if one_class else "", maybe=True)
