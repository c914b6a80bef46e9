"""Calls of what the file defines or holds: functions, methods, modules, containers."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.arguments import Arguments, evaluate_arguments, typed_arguments
from scriptkit.language.inference.explanations import Attempt, attempt, explain
from scriptkit.language.inference.functions_called import result_of
from scriptkit.language.inference.library import library_forward
from scriptkit.language.inference.matching import Match, resolve
from scriptkit.language.problems.arguments import UnannotatedParamNotTensor
from scriptkit.language.problems.modules import (
    ModuleContainerMethod,
    ModuleContainerMutation,
    ModuleContainerSliceCall,
    ModuleNotCallable,
    ParameterContainer,
    UnusedMethodCalled,
)
from scriptkit.language.types import STR, TENSOR, UNKNOWN, Instance, Type, is_optional
from scriptkit.language.values import ContainerMethod, ContainerValue, FunctionValue, Iteration, ModuleValue, TupleValue

if TYPE_CHECKING:
    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import FunctionFacts
    from scriptkit.language.inference.body import Body


def call_function(body: Body, function: FunctionValue, node: ast.Call, arguments: Arguments) -> AnyValue:
    """A function of the file, or a method."""
    facts = function.facts
    cls = function.receiver.cls if isinstance(function.receiver, (ModuleValue, Instance)) else facts.owner
    if "overload" in facts.marks or (facts.owner is not None and facts.name in facts.owner.overloaded):
        typed_arguments(body, arguments, facts.name)
        return UNKNOWN
    body.calling = node
    result = result_of(body, facts, cls)
    if facts.marks & {"ignore", "unused"}:
        if "unused" in facts.marks and not body.uncertain and "ignore" not in facts.marks:
            body.report(UnusedMethodCalled(name=facts.name), node, is_certain=not _depends_on_training(body, node))
        result = body.annotations.type(facts.node.returns) if facts.node.returns is not None else TENSOR
    if any(p.kind in ("varargs", "kwargs") for p in facts.parameters):
        return result
    schema = body.session.schema(facts, result if isinstance(result, Type) else UNKNOWN)
    positional, keywords = typed_arguments(body, arguments, facts.name)
    if arguments.open or isinstance(resolve([schema], positional, keywords), Match):
        return result
    call = attempt(node, facts.name, [schema], positional, keywords, arguments.nodes, arguments.keyword_nodes)
    _report_refused(body, facts, call)
    return result


def _report_refused(body: Body, facts: FunctionFacts, call: Attempt) -> None:
    """A function of the file does not take the arguments: a parameter without annotation is to blame, or the call."""
    found = call.resolved()
    failure = found[0] if isinstance(found, list) else None
    if failure is not None and failure.reason == "type" and failure.parameter:
        parameter = next(p for p in facts.parameters if p.name == failure.parameter)
        actual = UNKNOWN if failure.position is None else call.types.get(failure.position, UNKNOWN)
        if parameter.annotation is None and not is_optional(actual):
            default = "" if parameter.default is None else ast.unparse(parameter.default)
            use = ast.unparse(call.node)
            data = UnannotatedParamNotTensor(name=parameter.name, default=default, use=use, guess=actual)
            body.report(data, call.node, parameter.node)
            return
    explain(body, call)


def call_module(body: Body, module: ModuleValue, node: ast.Call, arguments: Arguments) -> AnyValue:
    """A module: its forward."""
    if module.sliced:
        return body.report(ModuleContainerSliceCall(text=ast.unparse(node.func)), node)
    if module.cls is not None:
        forward = module.cls.methods.get("forward")
        if forward is None:
            given = "forward" in module.cls.attributes or any(c.foreign_bases for c in module.cls.mro)
            return UNKNOWN if given else body.report(ModuleNotCallable(type=module), node)
        # what does not script within a scriptable module gets a form of its own, for the call that it gets
        with body.doubtful(doubt=not module.cls.scriptable and body.cls is not None and body.cls.scriptable):
            return call_function(body, FunctionValue(forward, module), node, arguments)
    known_forward = library_forward(module.library) if module.library else None
    if known_forward is None:
        return UNKNOWN
    positional, keywords = typed_arguments(body, arguments, module.library)
    if arguments.open:
        return known_forward.returns
    found = resolve([known_forward], positional, keywords)
    if isinstance(found, Match):
        return found.returns
    name = ast.unparse(node.func)
    return explain(
        body, attempt(node, name, [known_forward], positional, keywords, arguments.nodes, arguments.keyword_nodes)
    )


def call_container(body: Body, container: ContainerValue, node: ast.Call, arguments: Arguments) -> AnyValue:
    """A container of modules: only a `Sequential` can be called."""
    if container.kind != "Sequential":
        return body.report(ModuleNotCallable(type=container), node)
    if container.sliced or container.items is None:
        return UNKNOWN
    result: AnyValue = arguments.positional[0] if len(arguments.positional) == 1 else UNKNOWN
    for item in container.items:
        with body.sink.muted():
            single = Arguments(arguments.nodes[:1], [result], {}, {}, open=False)
            result = _call_item(body, item, node, single)
    return result


def _call_item(body: Body, item: AnyValue, node: ast.Call, arguments: Arguments) -> AnyValue:
    """What one module of a `Sequential` gives."""
    if isinstance(item, ContainerValue):
        return call_container(body, item, node, arguments)
    return call_module(body, item, node, arguments) if isinstance(item, ModuleValue) else UNKNOWN


def call_container_method(body: Body, method: ContainerMethod, node: ast.Call) -> AnyValue:
    """`self.heads.items()`."""
    container, name = method.container, method.name
    if container.kind.startswith("Parameter") and name not in ("append", "extend"):
        return body.report(ParameterContainer(text=ast.unparse(node.func), what=name), node)
    if name in ("items", "values", "keys") and container.kind == "ModuleDict":
        return _dict_view(container, name)
    if name in ("append", "extend", "insert", "add_module", "pop", "clear", "update", "__setitem__"):
        return body.report(ModuleContainerMutation(text=ast.unparse(node.func), method=name), node)
    if name == "forward" and container.kind == "Sequential":
        return call_container(body, container, node, evaluate_arguments(body, node))
    return body.report(ModuleContainerMethod(text=ast.unparse(node.func), method=name), node)


def _dict_view(container: ContainerValue, name: str) -> Iteration:
    element = container.element or UNKNOWN
    if name == "keys":
        return Iteration("keys", STR, unrolled=True)
    if name == "values":
        return Iteration("values", element, unrolled=True, items=container.items)
    items = None
    if container.items is not None:
        items = tuple(TupleValue((STR, item)) for item in container.items)
    return Iteration("zip", TupleValue((STR, element)), unrolled=True, items=items)


def _depends_on_training(body: Body, node: ast.expr) -> bool:
    """Whether code is reached in one training mode only: who never uses that mode never gets there."""
    tests = [above.test for above in body.module.ancestors(node) if isinstance(above, (ast.If, ast.IfExp))]
    reads = (part for test in tests for part in ast.walk(test))
    return any(isinstance(part, ast.Attribute) and part.attr == "training" for part in reads)
