"""Functions and script classes that a file hands to the compiler by themselves, and not through a module.

    @scriptkit.script            @torch.jit.script            fast = torch.jit.script(gelu)
    def gelu(x): ...             class Boxes: ...

Each is held to the rules like a module that compiles nothing else: a scriptable one where the mark is scriptkit's, so
that what carries a decorator of torch, or is given to `torch.jit.script`, counts where every `nn.Module` is checked.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.facts import INNER, ClassFacts
from scriptkit.language.walking import names_bound_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from scriptkit.language.facts import FunctionFacts, ModuleFacts

    _Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_OWN = frozenset({"scriptkit.script"})
_TORCH = frozenset({"torch.jit.script", "torch.jit.script_if_tracing"})
_SCOPES = (*INNER, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def standing_alone(module: ModuleFacts) -> list[ClassFacts]:
    """For each such function or class the facts of a module that compiles it and nothing else; in source order."""
    if "script" not in module.text:
        return []
    given = _given_to_torch(module) if "jit" in module.text else set()
    found = []
    for name, function in module.functions.items():
        is_own = _is_marked(function.node, module, _OWN)
        if is_own or name in given or _is_marked(function.node, module, _TORCH):
            found.append(compiling_alone([function], is_own=is_own))
    for name, cls in module.classes.items():
        if cls.kind == "script-class" and (name in given or _is_marked(cls.node, module, _TORCH)):
            found.append(compiling_alone(list(cls.own_methods.values()), is_own=False, of=cls))
    return sorted(found, key=lambda one: one.node.lineno)


def _is_marked(node: _Definition, module: ModuleFacts, marks: frozenset[str]) -> bool:
    return any(module.dotted(one) in marks for one in node.decorator_list)


def _given_to_torch(module: ModuleFacts) -> set[str]:
    """The names of functions and classes of the file that a call gives to `torch.jit.script`."""
    calls = (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    named = (call.args[0] for call in calls if call.args and module.dotted(call.func) in _TORCH)
    return {name.id for name in named if isinstance(name, ast.Name) and not _is_local(name, module)}


def _is_local(name: ast.Name, module: ModuleFacts) -> bool:
    """Whether a function round the name binds it: as a parameter, or by an assignment."""
    return any(name.id in names_bound_in(scope) for scope in module.ancestors(name) if isinstance(scope, _SCOPES))


def compiling_alone(functions: Sequence[FunctionFacts], *, is_own: bool, of: ClassFacts | None = None) -> ClassFacts:
    """Facts of a module without a text of its own that compiles functions, or the methods of a script class."""
    whole = of or functions[0]
    node = ast.ClassDef(name="", bases=[], keywords=[], body=[], decorator_list=[])
    return ClassFacts("", "", ast.copy_location(node, whole.node), whole.module, [], "module", is_own, alone=functions)
