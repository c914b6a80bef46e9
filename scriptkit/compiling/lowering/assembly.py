"""From evaluated methods to a tree of shadow modules whose classes hold them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.lowered import code_of
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.values import spelled
from scriptkit.engines.torchscript.engine import making as engine

if TYPE_CHECKING:
    from torch import nn

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
    from scriptkit.compiling.lowering.program.residual import Residual
    from scriptkit.compiling.lowering.world.values import Method


def assemble(evaluator: Evaluator) -> tuple[engine.Shadow, dict[str, str]]:
    """The shadow of the root, and the text of each generated class."""
    residual = evaluator.residual
    for method in residual.methods[1:]:
        _close(residual, method)
    texts: dict[str, str] = {}
    root = _shadow(evaluator, evaluator.root, {}, texts)
    assert isinstance(root, engine.Shadow)  # noqa: S101 - the root is never a leaf
    engine.attributes_of(residual.constants, root)
    return root, texts


def _close(residual: Residual, method: Method) -> None:
    """Write the `return` of a method and the targets of its call."""
    given = list(method.results.values())
    names = [residual.ref(value, method) for value, _ in given]
    targets: list[ast.expr] = [syntax.store(got.name) for _, got in given]
    assert method.call is not None  # noqa: S101 - only finished methods are kept
    at = method.call
    if not given:
        names, targets = (
            [ast.Constant(0)],
            [syntax.store(method.caller.fresh("nothing") if method.caller else "nothing")],
        )
    returned = ast.Return(names[0] if len(names) == 1 else ast.Tuple(names, ast.Load()))
    method.body.append(_placed(returned, at))
    target = targets[0] if len(targets) == 1 else ast.Tuple(targets, ast.Store())
    method.call.targets = [_placed(target, at)]


def _placed(new: Any, at: ast.AST) -> Any:
    for part in ast.walk(new):
        if "lineno" in part._attributes and not hasattr(part, "lineno"):
            ast.copy_location(part, at)
    return new


def _definition(method: Method) -> ast.FunctionDef:
    at = method.body[0]
    arguments = [ast.arg("self"), *(ast.arg(name, spelled(value.type)) for value, name in method.parameters.values())]
    spec = ast.arguments([], arguments, None, [], [], None, [])
    definition: ast.FunctionDef = ast.FunctionDef(method.name, spec, method.body, [], None)
    definition.variable_types = dict(method.types)  # type: ignore[attr-defined] # whoever rewrites the program asks
    return _placed(definition, at)  # type: ignore[no-any-return]


def _shadow(evaluator: Evaluator, module: nn.Module, known: dict[int, nn.Module], texts: dict[str, str]) -> nn.Module:
    if id(module) in known:
        return known[id(module)]
    if id(module) in evaluator.parts:
        known[id(module)] = evaluator.parts[id(module)].form
        return known[id(module)]
    methods = [m for m in evaluator.residual.methods if m.module is module]
    shadow: nn.Module
    if id(module) in evaluator.residual.leaves and not methods:
        shadow = object.__new__(type(module))
        shadow.__dict__.update(module.__dict__)
        known[id(module)] = shadow
        return shadow
    if methods:
        definitions = [_definition(method) for method in methods]
        cls = engine.shadow_class(type(module).__name__, definitions, evaluator.place.files)
        texts.setdefault(_key(texts, type(module).__name__, code_of(definitions)), code_of(definitions))
        shadow = cls()
    else:
        shadow = engine.Shadow()
    known[id(module)] = shadow
    shadow.training = module.training
    shadow._parameters.update(module._parameters)
    shadow._buffers.update(module._buffers)
    shadow._non_persistent_buffers_set = set(module._non_persistent_buffers_set)
    kept = [one for one in evaluator.residual.kept.values() if one.module is module and not one.is_buffer]
    optional = [one.name for one in kept if one.is_optional]
    engine.attributes_of({one.name: module.__dict__[one.name] for one in kept}, shadow, optional)
    for name, child in module._modules.items():
        if child is not None:
            shadow._modules[name] = _shadow(evaluator, child, known, texts)
    return shadow


def _key(texts: dict[str, str], name: str, text: str) -> str:
    """A name for a class in `texts`: its own, numbered where several differ."""
    number = 1
    key = name
    while texts.get(key, text) != text:
        number += 1
        key = f"{name}_{number}"
    return key
