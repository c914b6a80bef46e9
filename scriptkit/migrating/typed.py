"""`x = torch.jit.annotate(T, value)` and `self.x = torch.jit.Attribute(value, T)` become annotations."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.fixing.editing import Change
from scriptkit.migrating.steps import Step, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import ModuleFacts

CALLS = {"torch.jit.annotate": (0, 1), "torch.jit.Attribute": (1, 0)}
"""Where the type stands among the arguments, and where the value."""
BRANCHES = (ast.If, ast.For, ast.While, ast.Try, ast.With)


def typed(module: ModuleFacts) -> Iterator[Step | tuple[ast.Call, str]]:
    """A step for each call that gives its target a type; of the others, why not."""
    for call in ast.walk(module.tree):
        if isinstance(call, ast.Call) and module.dotted(call.func) in CALLS:
            why = _obstacle(module, call)
            step = None if why else _step(module, call)
            yield step if step is not None else (call, why or "a comment stands inside of it")


def _obstacle(module: ModuleFacts, call: ast.Call) -> str:
    """Why a call is no annotation of what it is assigned to."""
    assignment = module.parent(call)
    function = next((node for node in module.ancestors(call) if isinstance(node, ast.FunctionDef)), None)
    if len(call.args) != len(CALLS["torch.jit.annotate"]) or call.keywords:
        return "its arguments are not a type and a value"
    if not isinstance(assignment, ast.Assign) or len(assignment.targets) != 1 or function is None:
        return "its value is used where no annotation can stand"
    target = assignment.targets[0]
    if isinstance(target, ast.Attribute):
        return "" if function.name == "__init__" else "attributes are declared in `__init__`"
    if not isinstance(target, ast.Name) or module.dotted(call.func) != "torch.jit.annotate":
        return "its value is assigned to something that takes no annotation"
    if assignment not in function.body or _is_bound_before(function, target):
        return f"`{target.id}` may have a value before that"
    return ""


def _is_bound_before(function: ast.FunctionDef, target: ast.Name) -> bool:
    """Whether a name is a parameter, is annotated elsewhere, or gets a value on an earlier line."""
    names = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.lineno < target.lineno:
            names.add(node.id)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names.update(node.names)
    return target.id in names


def _step(module: ModuleFacts, call: ast.Call) -> Step | None:
    assignment = module.parent(call)
    if not isinstance(assignment, ast.Assign):
        return None
    kind, value = (call.args[position] for position in CALLS[str(module.dotted(call.func))])
    around = unwrapped(module, call, value)
    text = ast.get_source_segment(module.text, kind)
    if around is None or text is None or "\n" in text:
        return None
    end = module.span(assignment.targets[0])
    annotation = Change(end.end_line, end.end_column, end.end_line, end.end_column, f": {text}")
    return Step(call, (annotation, *around))
