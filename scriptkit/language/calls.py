"""Calls: of operators, of functions and methods of the file, of modules, of what was imported."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.language import operators
from scriptkit.language.annotations import class_type
from scriptkit.language.body import Body
from scriptkit.language.matching import Match, Mismatch, resolve
from scriptkit.language.operators import Argument, Schema
from scriptkit.language.types import (
    ANY,
    INT,
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Dict,
    Instance,
    List,
    Tuple,
    Type,
    is_optional,
    known,
    without_none,
)
from scriptkit.language.values import (
    BoundOperator,
    ClassValue,
    ContainerMethod,
    ContainerValue,
    DottedValue,
    FunctionValue,
    Iteration,
    ModuleValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.facts import ClassFacts, FunctionFacts
    from scriptkit.language.values import AnyValue

STANDARD_LIBRARY = frozenset(
    {
        "copy", "itertools", "functools", "random", "time", "os", "sys", "json", "re", "logging", "datetime", "pathlib",
        "collections", "contextlib", "inspect", "io", "pickle", "string", "uuid", "statistics", "bisect", "heapq", "shutil",
        "subprocess", "threading", "traceback", "gc", "glob", "hashlib", "tempfile", "textwrap", "pprint", "operator",
    },
)  # fmt: skip
THIRD_PARTY = frozenset(
    {"numpy", "cv2", "PIL", "scipy", "pandas", "matplotlib", "sklearn", "skimage", "tqdm", "einops", "jax", "tensorflow",
     "requests", "yaml", "wandb", "networkx", "sympy", "numba", "joblib", "opt_einsum"},
)  # fmt: skip
CONTAINERS = frozenset({"defaultdict", "deque", "Counter", "namedtuple", "ChainMap", "UserDict"})
RENAMED = {
    "axis": "dim",
    "axes": "dim",
    "keepdims": "keepdim",
    "x": "input",
    "a": "input",
    "x1": "input",
    "x2": "other",
}
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


class Arguments(NamedTuple):
    """The evaluated arguments of a call; `open` where `*xs` or `**kw` of unknown length is among them."""

    nodes: list[ast.expr]
    positional: list[AnyValue]
    keywords: dict[str, AnyValue]
    keyword_nodes: dict[str, ast.expr]
    open: bool


class Calls(Body):
    """The part of the pass that reads calls."""

    def call(self, node: ast.Call, hint: Type | None = None) -> AnyValue:
        """What a call gives."""
        special = self.special_form(node, hint)
        if special is not None:
            return special
        return self.call_value(self.value(node.func), node, hint)

    def special_form(self, node: ast.Call, hint: Type | None) -> AnyValue | None:
        """Builtins and torch functions the compiler treats as syntax."""
        raise NotImplementedError

    def call_value(self, function: AnyValue, node: ast.Call, hint: Type | None = None) -> AnyValue:
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
        if (
            isinstance(function, Type)
            and known(function)
            and not isinstance(function, Instance)
            and function is not ANY
        ):
            if is_optional(function):
                return self.not_refined(function, node.func, "a call")
            return self.report("value-not-callable", node, type=function, text=ast.unparse(node.func))
        return UNKNOWN

    def arguments(self, node: ast.Call) -> Arguments:
        """Evaluate the arguments of a call."""
        nodes: list[ast.expr] = []
        positional: list[AnyValue] = []
        is_open = False
        for argument in node.args:
            if not isinstance(argument, ast.Starred):
                nodes.append(argument)
                positional.append(self.value(argument))
                continue
            inner = self.value(argument.value)
            if isinstance(inner, Tuple):
                nodes.extend([argument.value] * len(inner.elements))
                positional.extend(inner.elements)
                continue
            is_open = True
            if isinstance(inner, List):
                self.report("star-args-call", argument, function=ast.unparse(node.func), type=inner)
        keywords, keyword_nodes = {}, {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is None:
                is_open = True
            else:
                keywords[keyword.arg], keyword_nodes[keyword.arg] = value, keyword.value
        return Arguments(nodes, positional, keywords, keyword_nodes, is_open)

    def typed(self, arguments: Arguments, function: str) -> tuple[list[Type], dict[str, Type]]:
        """Arguments that must be values."""
        positional = [
            self._argument(v, n, function) for v, n in zip(arguments.positional, arguments.nodes, strict=False)
        ]
        keywords = {k: self._argument(v, arguments.keyword_nodes[k], function) for k, v in arguments.keywords.items()}
        return positional, keywords

    def _argument(self, value: AnyValue, node: ast.expr, function: str) -> Type:
        if isinstance(value, (ModuleValue, ContainerValue)) and not self.unsure_module(value):
            return self.report("module-argument", node, type=value, function=function)
        return self.as_type(value, node, f"argument of `{function}`")

    # -- operators and imported functions ------------------------------------------------
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
            node, name, schemas, [function.receiver, *positional], keywords, nodes, arguments.keyword_nodes
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
        if dotted in ("torch.nn.Parameter", "torch.nn.Buffer"):
            return self.report("module-created", node, name=dotted)
        if dotted.startswith("torch.nn.") and dotted.count(".") == 2 and operators.nn_module(last) is not None:  # noqa: PLR2004
            return self.report("module-created", node, name=dotted)
        if root == "math" and tail:
            return self.report("unsupported-torch-function", node, name=dotted)
        if self._unknown_in_torch(dotted):
            return self.report("unsupported-torch-function", node, name=dotted)
        return None

    @staticmethod
    def _unknown_in_torch(dotted: str) -> bool:
        """A lower-case name of `torch` or `torch.nn.functional` that the table does not have at all."""
        prefix, _, name = dotted.rpartition(".")
        known_elsewhere = {"device", "dtype", "ops", "jit", "compile", "layout", "memory_format", "autocast", "no_grad"}
        return (
            prefix == "torch.nn.functional"
            and name[:1].islower()
            and name not in known_elsewhere
            and not operators.python_function(dotted)
        )

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
        return self.call_schemas(node, dotted.rpartition(".")[2], schemas)

    def call_schemas(
        self, node: ast.Call, name: str, schemas: Sequence[Schema], receiver: Type | None = None
    ) -> AnyValue:
        """Call something that has schemas."""
        arguments = self.arguments(node)
        positional, keywords = self.typed(arguments, name)
        if arguments.open:
            return UNKNOWN
        if receiver is not None:
            positional.insert(0, receiver)
        found = resolve(schemas, positional, keywords)
        if isinstance(found, Match):
            return found.returns
        return self.explain(node, name, schemas, positional, keywords, arguments.nodes, arguments.keyword_nodes)

    # -- why a call does not match -----------------------------------------------------------
    def explain(
        self,
        node: ast.Call,
        name: str,
        schemas: Sequence[Schema],
        positional: Sequence[Type],
        keywords: dict[str, Type],
        nodes: Sequence[ast.expr],
        keyword_nodes: dict[str, ast.expr],
    ) -> Type:
        """No schema takes the arguments: report the one thing to change."""
        found = resolve(schemas, positional, keywords)
        failures = found if isinstance(found, list) else []
        for keyword in keywords:
            if all(
                (f.reason == "unknown-keyword" and f.parameter == keyword) or _lacks(s, keyword)
                for f, s in zip(failures, schemas, strict=False)
            ):
                return self.report(
                    "call-unknown-kwarg",
                    keyword_nodes[keyword],
                    function=name,
                    keyword=keyword,
                    replacement=RENAMED.get(keyword, ""),
                )
        culprit = self._without_problem(schemas, positional, keywords, nodes, keyword_nodes, name)
        if culprit:
            return UNKNOWN
        if any(t.has_unknown for t in (*positional, *keywords.values())):
            return UNKNOWN
        if self.parameter_problem(self._blamable(schemas, positional, keywords, nodes, keyword_nodes), node):
            return UNKNOWN
        return self._mismatch(node, name, schemas, failures, positional, keywords, nodes, keyword_nodes)

    @staticmethod
    def _blamable(
        schemas: Sequence[Schema],
        positional: Sequence[Type],
        keywords: dict[str, Type],
        nodes: Sequence[ast.expr],
        keyword_nodes: dict[str, ast.expr],
    ) -> list[ast.expr]:
        """The arguments that, were they of some other type, would make the call match."""
        found = [
            nodes[index]
            for index in range(len(positional))
            if isinstance(resolve(schemas, [*positional[:index], UNKNOWN, *positional[index + 1 :]], keywords), Match)
        ]
        found += [
            keyword_nodes[name]
            for name in keywords
            if isinstance(resolve(schemas, positional, {**keywords, name: UNKNOWN}), Match)
        ]
        return found

    def parameter_problem(self, parts: Sequence[ast.expr], use: ast.AST) -> bool:
        """Whether an argument is a parameter without annotation; reports it."""
        raise NotImplementedError

    def _without_problem(
        self,
        schemas: Sequence[Schema],
        positional: Sequence[Type],
        keywords: dict[str, Type],
        nodes: Sequence[ast.expr],
        keyword_nodes: dict[str, ast.expr],
        name: str,
    ) -> bool:
        """Whether one argument is the whole trouble: an Optional, an untyped empty list, an `int ** int`."""
        for index, given in enumerate(positional):
            repaired = self._repaired(given, nodes[index])
            if repaired is None:
                continue
            others = [*positional[:index], repaired, *positional[index + 1 :]]
            if isinstance(resolve(schemas, others, keywords), Match):
                return self._report_repaired(given, nodes[index], f"argument of `{name}`")
        for keyword, given in keywords.items():
            repaired = self._repaired(given, keyword_nodes[keyword])
            if repaired is not None and isinstance(
                resolve(schemas, positional, {**keywords, keyword: repaired}), Match
            ):
                return self._report_repaired(given, keyword_nodes[keyword], f"argument `{keyword}` of `{name}`")
        return self._all_optional(schemas, positional, keywords, nodes, name)

    def _all_optional(
        self,
        schemas: Sequence[Schema],
        positional: Sequence[Type],
        keywords: dict[str, Type],
        nodes: Sequence[ast.expr],
        name: str,
    ) -> bool:
        stripped = [without_none(t) if is_optional(t) else t for t in positional]
        rest = {k: without_none(t) if is_optional(t) else t for k, t in keywords.items()}
        if stripped == list(positional) or not isinstance(resolve(schemas, stripped, rest), Match):
            return False
        for given, node in zip(positional, nodes, strict=False):
            if is_optional(given):
                self.not_refined(given, node, f"argument of `{name}`")
        return True

    def _repaired(self, given: Type, node: ast.expr) -> Type | None:
        if is_optional(given):
            return without_none(given)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and str(given) == "float":
            return INT
        binding = self.frame.find(node.id) if isinstance(node, ast.Name) else None
        if binding is not None and binding.origin is not None:
            return (
                List(UNKNOWN)
                if isinstance(given, List)
                else Dict(UNKNOWN, UNKNOWN)
                if isinstance(given, Dict)
                else None
            )
        if binding is not None and isinstance(binding.power, ast.BinOp) and str(given) == "float":
            return INT
        return None

    def _report_repaired(self, given: Type, node: ast.expr, use: str) -> bool:
        if is_optional(given):
            self.not_refined(given, node, use)
            return True
        binding = self.frame.find(node.id) if isinstance(node, ast.Name) else None
        if binding is not None and binding.origin is not None:
            text = ast.unparse(binding.origin)
            self.report(
                "empty-container-untyped",
                node,
                binding.origin,
                name=ast.unparse(node),
                value=text,
                element=UNKNOWN,
                key=None,
            )
            return True
        self.report(
            "int-pow", binding.power if binding is not None and binding.power is not None else node, node, use=use
        )
        return True

    def _mismatch(
        self,
        node: ast.Call,
        name: str,
        schemas: Sequence[Schema],
        failures: Sequence[Mismatch],
        positional: Sequence[Type],
        keywords: dict[str, Type],
        nodes: Sequence[ast.expr],
        keyword_nodes: dict[str, ast.expr],
    ) -> Type:
        candidates = [f for f in failures if f.reason == "type"] or list(failures)
        if len(schemas) > 1 and len({(f.position, str(f.expected)) for f in candidates}) != 1:
            return self.report(
                "no-matching-overload",
                node,
                function=name,
                actual=[*positional, *keywords.values()],
                why=_why(failures),
            )
        failure = max(candidates, key=lambda f: f.progress)
        if failure.reason == "missing":
            return self.report("missing-argument", node, function=name, parameter=failure.parameter)
        if failure.reason == "too-many":
            limit = max(sum(not a.keyword_only for a in s.arguments) for s in schemas)
            return self.report("too-many-arguments", node, function=name, count=len(positional), maximum=limit)
        if failure.reason in ("unknown-keyword", "twice"):
            return self.report(
                "call-unknown-kwarg",
                keyword_nodes.get(failure.parameter, node),
                function=name,
                keyword=failure.parameter,
                replacement="",
            )
        where, culprit, actual = failure.position, node, UNKNOWN
        if isinstance(where, int) and where < len(nodes):
            return self.argument_problem(nodes[where], name, failure, positional[where])
        if isinstance(where, str) and where in keyword_nodes:
            return self.argument_problem(keyword_nodes[where], name, failure, keywords[where])
        return self.report(
            "argument-type-mismatch",
            culprit,
            function=name,
            parameter=failure.parameter,
            expected=failure.expected,
            actual=actual,
        )

    def argument_problem(self, node: ast.expr, name: str, failure: Mismatch, actual: Type) -> Type:
        """One argument has the wrong type."""
        expected = failure.expected or UNKNOWN
        use = f"argument `{failure.parameter}` of `{name}`"
        if isinstance(expected, Tuple) and isinstance(actual, List):
            return self.report("tuple-list-mix", node, expected=expected, actual=actual, use=use)
        if isinstance(expected, (List, Dict)) and _covariant(expected, actual):
            return self.report("invariance", node, expected=expected, actual=actual, use=use)
        return self.report(
            "argument-type-mismatch", node, function=name, parameter=failure.parameter, expected=expected, actual=actual
        )

    # -- functions and methods of the file -----------------------------------------------------
    def _call_function(self, function: FunctionValue, node: ast.Call, arguments: Arguments) -> AnyValue:
        facts = function.facts
        cls = function.receiver.cls if isinstance(function.receiver, (ModuleValue, Instance)) else facts.owner
        if "overload" in facts.marks or (facts.owner is not None and facts.name in facts.owner.overloaded):
            self.typed(arguments, facts.name)
            return UNKNOWN
        self.calling = node
        result = self.session.returns(facts, cls, self)
        if facts.marks & {"ignore", "unused"}:
            if "unused" in facts.marks and not self.uncertain and "ignore" not in facts.marks:
                self.report("unused-method-called", node, name=facts.name)
            result = self.annotations.type(facts.node.returns) if facts.node.returns is not None else TENSOR
        if any(p.kind in ("varargs", "kwargs") for p in facts.parameters):
            return result
        schema = self.session.schema(facts, cls, result if isinstance(result, Type) else UNKNOWN)
        positional, keywords = self.typed(arguments, facts.name)
        if arguments.open:
            return result
        self._check_call(facts, schema, positional, keywords, arguments, node)
        return result

    def _check_call(
        self,
        facts: FunctionFacts,
        schema: Schema,
        positional: Sequence[Type],
        keywords: dict[str, Type],
        arguments: Arguments,
        node: ast.Call,
    ) -> None:
        found = resolve([schema], positional, keywords)
        if isinstance(found, Match):
            return
        failure = found[0]
        if failure.reason == "type" and failure.parameter:
            parameter = next(p for p in facts.parameters if p.name == failure.parameter)
            actual = _actual(failure, positional, keywords)
            if parameter.annotation is None and not is_optional(actual):
                default = "" if parameter.default is None else ast.unparse(parameter.default)
                self.report(
                    "unannotated-param-not-tensor", node, parameter.node, name=parameter.name, default=default,
                    use=ast.unparse(node), guess=actual,
                )  # fmt: skip
                return
        self.explain(node, facts.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes)

    def _call_module(self, module: ModuleValue, node: ast.Call, arguments: Arguments) -> AnyValue:
        if module.sliced:
            return self.report("module-container-slice-call", node, text=ast.unparse(node.func))
        if module.cls is not None:
            forward = module.cls.methods.get("forward")
            if forward is None:
                return UNKNOWN
            if any("__call__" in c.own_methods for c in module.cls.mro):
                return UNKNOWN
            return self._call_function(FunctionValue(forward, module), node, arguments)
        known_forward = self.session.library_forward(module.library) if module.library else None
        if known_forward is None:
            return UNKNOWN
        positional, keywords = self.typed(arguments, module.library)
        if arguments.open:
            return known_forward.returns
        found = resolve([known_forward], positional, keywords)
        if isinstance(found, Match):
            return found.returns
        name = ast.unparse(node.func)
        return self.explain(node, name, [known_forward], positional, keywords, arguments.nodes, arguments.keyword_nodes)

    def _call_container(self, container: ContainerValue, node: ast.Call, arguments: Arguments) -> AnyValue:
        if container.kind != "Sequential":
            return self.report("module-not-callable", node, type=container)
        if container.sliced or container.items is None:
            return UNKNOWN
        result: AnyValue = arguments.positional[0] if len(arguments.positional) == 1 else UNKNOWN
        for item in container.items:
            if not isinstance(item, (ModuleValue, ContainerValue)):
                return UNKNOWN
            with self.sink.muted():
                single = Arguments(arguments.nodes[:1], [result], {}, {}, open=False)
                result = (
                    self._call_module(item, node, single)
                    if isinstance(item, ModuleValue)
                    else self._call_container(item, node, single)
                )
        return result

    def _container_method(self, method: ContainerMethod, node: ast.Call) -> AnyValue:
        container, name = method.container, method.name
        element = container.element or UNKNOWN
        if container.kind.startswith("Parameter") and name not in ("append", "extend"):
            return self.report("parameter-container", node, text=ast.unparse(node.func), what=name)
        if name in ("items", "values", "keys") and container.kind == "ModuleDict":
            return self._dict_view(container, name)
        if name in ("append", "extend", "insert", "add_module", "pop", "clear", "update", "__setitem__"):
            return self.report("module-container-mutation", node, text=ast.unparse(node.func), method=name)
        if name == "forward" and container.kind == "Sequential":
            return self._call_container(container, node, self.arguments(node))
        if name in ("get", "setdefault", "popitem"):
            return self.report("module-container-method", node, text=ast.unparse(node.func), method=name)
        return UNKNOWN if element is UNKNOWN else UNKNOWN

    @staticmethod
    def _dict_view(container: ContainerValue, name: str) -> Iteration:
        from scriptkit.language.values import TupleValue

        element = container.element or UNKNOWN
        if name == "keys":
            return Iteration("keys", STR, unrolled=True)
        if name == "values":
            return Iteration("values", element, unrolled=True, items=container.items)
        items = None
        if container.items is not None:
            items = tuple(TupleValue((STR, item)) for item in container.items)
        return Iteration("items", TupleValue((STR, element)), unrolled=True, items=items)

    # -- classes of the file ---------------------------------------------------------------------
    def _construct(self, cls: ClassFacts, node: ast.Call, arguments: Arguments) -> AnyValue:
        if cls.is_module:
            return self.report("module-created", node, name=cls.name)
        if cls.kind == "enum":
            return self.report("enum-limits", node, what="lookup", text=ast.unparse(node))
        if cls.kind == "dataclass":
            return self.report("dataclass-not-scripted", node, name=cls.name)
        if cls.kind == "namedtuple":
            return self._construct_tuple(cls, node, arguments)
        limit = _dataclass_limit(cls)
        if cls.kind == "script-class" and limit is not None:
            return self.report("dataclass-limits", node, limit, name=cls.name, what=ast.unparse(limit))
        if cls.kind == "script-class" or (
            cls.kind == "plain" and not cls.foreign_bases and not cls.node.decorator_list
        ):
            return self._construct_script_class(cls, node, arguments)
        return UNKNOWN

    def _construct_tuple(self, cls: ClassFacts, node: ast.Call, arguments: Arguments) -> AnyValue:
        result = class_type(cls, self.annotations)
        positional, keywords = self.typed(arguments, cls.name)
        if arguments.open or not isinstance(result, Tuple):
            return result
        formals = [
            Argument(name, kind, name in cls.class_values, keyword_only=False, length=0)
            for name, kind in zip(result.fields, result.elements, strict=False)
        ]
        schema = Schema(cls.name, tuple(formals), result, internal=True)
        found = resolve([schema], positional, keywords)
        if not isinstance(found, Match):
            self.explain(node, cls.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes)
        return result

    def _construct_script_class(self, cls: ClassFacts, node: ast.Call, arguments: Arguments) -> AnyValue:
        result = Instance(cls, "script-class")
        if cls.local_bases:
            return self.report("script-class-limits", node, cls.node, name=cls.name, what="inheritance")
        init = cls.methods.get("__init__")
        positional, keywords = self.typed(arguments, cls.name)
        if init is None or arguments.open:
            return result
        self.session.returns(init, cls, self)
        schema = self.session.schema(init, cls, NONE)
        found = resolve([schema], positional, keywords)
        if isinstance(found, Match):
            return result
        failure = found[0]
        parameter = next((p for p in init.parameters if p.name == failure.parameter), None)
        if failure.reason == "type" and parameter is not None and parameter.annotation is None:
            self.report("script-class-limits", node, parameter.node, name=cls.name, what="untyped-init")
            return UNKNOWN
        self.explain(node, cls.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes)
        return result


def _dataclass_limit(cls: ClassFacts) -> ast.expr | None:
    """What a scripted dataclass may not have: a default factory."""
    for value in cls.class_values.values():
        if isinstance(value, ast.Call) and any(keyword.arg == "default_factory" for keyword in value.keywords):
            return value
    return None


def _lacks(schema: Schema, keyword: str) -> bool:
    names = {argument.name for argument in schema.arguments}
    return keyword not in names and not (keyword == "input" and "self" in names and not schema.internal)


def _why(failures: Sequence[Mismatch]) -> str:
    shown = [f"`{f.parameter}` is {f.expected}" for f in failures if f.reason == "type" and f.expected is not None]
    return "; ".join(dict.fromkeys(shown))


def _covariant(expected: Type, actual: Type) -> bool:
    from scriptkit.language.statements import _invariant

    return _invariant(expected, actual)


def _actual(failure: Mismatch, positional: Sequence[Type], keywords: dict[str, Type]) -> Type:
    if isinstance(failure.position, int) and failure.position < len(positional):
        return positional[failure.position]
    return keywords.get(str(failure.position), UNKNOWN)
