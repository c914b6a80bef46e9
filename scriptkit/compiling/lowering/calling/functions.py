"""Functions whose code is evaluated: their arguments, their variables, and what they may not be."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING

from scriptkit.compiling.lowering.evaluator import generators, plain_objects
from scriptkit.compiling.lowering.world.frames import Closure, Frame
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.source import path_of, tree_of
from scriptkit.compiling.lowering.world.values import Dyn, Value

if TYPE_CHECKING:
    import types

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator


def evaluate_function(
    evaluator: Evaluator, function: types.FunctionType, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """Evaluate the code of a function."""
    if function is os.getenv:
        return environment(evaluator, "get", args)
    if (function.__module__ or "").split(".")[0] in _IMPURE:
        raise impure(evaluator, f"`{function.__module__}.{function.__name__}` would be frozen")
    evaluator.facts.function(function)
    tree = tree_of(function.__code__)
    try:
        bound = inspect.signature(function, follow_wrapped=False).bind(*args, **kwargs)
    except TypeError as error:
        raise RaisedError(error) from error
    bound.apply_defaults()
    variables = {
        name: evaluator.effects.own(value) if type(value) is dict and _is_fresh(bound, name) else value
        for name, value in bound.arguments.items()
    }
    method = evaluator.residual.method
    if method.hints is None:  # the first function of a method gives its parameters their names
        method.hints = {id(value): name for name, value in bound.arguments.items() if isinstance(value, Dyn)}
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    frame = Frame(variables, function.__globals__, path_of(function.__code__), cells=cells)
    if function.__code__.co_flags & inspect.CO_GENERATOR:
        return generators.collect(evaluator, frame, lambda: evaluator.run(tree, frame))
    return evaluator.run(tree, frame)


def impure(evaluator: Evaluator, message: str) -> RefusedError:
    """The refusal of a call whose result comes from outside; `name = <call>` alone may wait until the name is read."""
    refusal = RefusedError("impure-call", message)
    refusal.depth = evaluator.depth
    return refusal


_IMPURE = frozenset("random time datetime uuid secrets os subprocess socket threading multiprocessing".split())


def _is_fresh(bound: inspect.BoundArguments, name: str) -> bool:
    return bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD


def call_closure(evaluator: Evaluator, function: Closure, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Evaluate a function that was defined in the call, in a frame inside the one that defined it."""
    outer = function.frame
    variables = _bind(function, args, kwargs)
    frame = Frame(variables, outer.namespace, outer.path, cells=outer.cells, outer=outer)
    for value in variables.values():
        if type(value) is dict and value is variables.get(getattr(function.node.args.kwarg, "arg", "")):
            evaluator.effects.own(value)
    return evaluator.run(function.node, frame)


def _bind(function: Closure, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """Arguments to parameters, by Python's own rules: those of a signature made from the tree."""
    kind, empty = inspect.Parameter, inspect.Parameter.empty
    spec = function.node.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [empty] * (len(positional) - len(function.defaults)) + function.defaults
    parameters = [
        kind(p.arg, kind.POSITIONAL_ONLY if p in spec.posonlyargs else kind.POSITIONAL_OR_KEYWORD, default=d)
        for p, d in zip(positional, defaults, strict=True)
    ]
    if spec.vararg:
        parameters.append(kind(spec.vararg.arg, kind.VAR_POSITIONAL))
    parameters += [
        kind(p.arg, kind.KEYWORD_ONLY, default=function.kw_defaults.get(p.arg, empty)) for p in spec.kwonlyargs
    ]
    if spec.kwarg:
        parameters.append(kind(spec.kwarg.arg, kind.VAR_KEYWORD))
    try:
        bound = inspect.Signature(parameters).bind(*args, **kwargs)
    except TypeError as error:
        raise RaisedError(error) from error
    bound.apply_defaults()
    return dict(bound.arguments)


def environment(evaluator: Evaluator, name: str, args: list[Value]) -> Value:
    """A variable of the environment: read once, and noted."""
    evaluator.assumptions[f"the environment variable {args[0]} is as it was"] = None
    evaluator.facts.variable(args[0])
    return plain_objects.native(getattr(os.environ, name), *args)
