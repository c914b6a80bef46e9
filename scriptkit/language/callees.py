"""Calls of what the file defines or holds: functions, methods, modules, containers, classes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.language.annotations import class_type
from scriptkit.language.matching import Match, Mismatch, resolve
from scriptkit.language.operators import Argument, Schema
from scriptkit.language.types import (
    NONE,
    STR,
    TENSOR,
    UNKNOWN,
    Instance,
    List,
    Tuple,
    Type,
    is_optional,
)
from scriptkit.language.values import (
    ContainerMethod,
    ContainerValue,
    FunctionValue,
    Iteration,
    ModuleValue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.facts import ClassFacts, FunctionFacts
    from scriptkit.language.values import AnyValue
from scriptkit.language.explanations import Explanations, attempt


class Arguments(NamedTuple):
    """The evaluated arguments of a call; `open` where `*xs` or `**kw` of unknown length is among them."""

    nodes: list[ast.expr]
    positional: list[AnyValue]
    keywords: dict[str, AnyValue]
    keyword_nodes: dict[str, ast.expr]
    open: bool


class Callees(Explanations):
    """The part of the pass that calls functions, modules and classes."""

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
        self.explain(
            attempt(node, facts.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes)
        )

    def _call_module(self, module: ModuleValue, node: ast.Call, arguments: Arguments) -> AnyValue:
        if module.sliced:
            return self.report("module-container-slice-call", node, text=ast.unparse(node.func))
        if module.cls is not None:
            forward = module.cls.methods.get("forward")
            if forward is None:
                given = "forward" in module.cls.attributes or any(c.foreign_bases for c in module.cls.mro)
                return UNKNOWN if given else self.report("module-not-callable", node, type=module)
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
        return self.explain(
            attempt(node, name, [known_forward], positional, keywords, arguments.nodes, arguments.keyword_nodes)
        )

    def _call_container(self, container: ContainerValue, node: ast.Call, arguments: Arguments) -> AnyValue:
        if container.kind != "Sequential":
            return self.report("module-not-callable", node, type=container)
        if container.sliced or container.items is None:
            return UNKNOWN
        result: AnyValue = arguments.positional[0] if len(arguments.positional) == 1 else UNKNOWN
        for item in container.items:
            with self.sink.muted():
                single = Arguments(arguments.nodes[:1], [result], {}, {}, open=False)
                result = self._called(item, node, single)
        return result

    def _called(self, item: AnyValue, node: ast.Call, arguments: Arguments) -> AnyValue:
        """What one module of a `Sequential` gives."""
        if isinstance(item, ContainerValue):
            return self._call_container(item, node, arguments)
        return self._call_module(item, node, arguments) if isinstance(item, ModuleValue) else UNKNOWN

    def _container_method(self, method: ContainerMethod, node: ast.Call) -> AnyValue:
        container, name = method.container, method.name
        if container.kind.startswith("Parameter") and name not in ("append", "extend"):
            return self.report("parameter-container", node, text=ast.unparse(node.func), what=name)
        if name in ("items", "values", "keys") and container.kind == "ModuleDict":
            return self._dict_view(container, name)
        if name in ("append", "extend", "insert", "add_module", "pop", "clear", "update", "__setitem__"):
            return self.report("module-container-mutation", node, text=ast.unparse(node.func), method=name)
        if name == "forward" and container.kind == "Sequential":
            return self._call_container(container, node, self.arguments(node))
        return self.report("module-container-method", node, text=ast.unparse(node.func), method=name)

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
        return Iteration("zip", TupleValue((STR, element)), unrolled=True, items=items)

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
        if cls.kind != "script-class" and (cls.kind != "plain" or cls.foreign_bases or cls.node.decorator_list):
            return UNKNOWN
        return self._construct_script_class(cls, node, arguments)

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
            self.explain(
                attempt(node, cls.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes)
            )
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
        self.explain(attempt(node, cls.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes))
        return result


def _dataclass_limit(cls: ClassFacts) -> ast.expr | None:
    """What a scripted dataclass may not have: a default factory."""
    for value in cls.class_values.values():
        if isinstance(value, ast.Call) and any(keyword.arg == "default_factory" for keyword in value.keywords):
            return value
    return None


def _actual(failure: Mismatch, positional: Sequence[Type], keywords: dict[str, Type]) -> Type:
    if isinstance(failure.position, int) and failure.position < len(positional):
        return positional[failure.position]
    return keywords.get(str(failure.position), UNKNOWN)
