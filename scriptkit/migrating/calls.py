"""`torch.jit.script(net)` where `net` compiles by itself: it goes, or gives torch's own object by another name.

`scriptkit.to_torchscript(net)` gives what `torch.jit.script(net)` gave, so that is always right. Where everything that
is done with the result is seen, and a `ScriptableModule` does it as well, the call goes.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.migrating.project import RETURN_SELF, constructed, script_calls
from scriptkit.migrating.steps import Step, replaced, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.fixing.editing import Change
    from scriptkit.language.facts import ModuleFacts
    from scriptkit.migrating.names import Spelling
    from scriptkit.migrating.project import Project

PLAIN = RETURN_SELF | frozenset(
    "forward parameters state_dict load_state_dict zero_grad buffers named_parameters".split()
)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
UNKNOWN = "nothing here says that its argument is a `ScriptableModule`"


def calls(module: ModuleFacts, project: Project, spelling: Spelling) -> Iterator[Step | tuple[ast.Call, str]]:
    """A step for each call that can be rewritten; of the others, why not."""
    for call in script_calls(module):
        if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
            yield call, "it has more than one argument"
        elif _is_function(module, call.args[0]):
            new, needs = spelling.of("scriptkit.script", short=False)
            yield Step(call, (replaced(module, call.func, new),), needs)
        elif not _is_scriptable(module, project, call.args[0]):
            yield call, UNKNOWN
        else:
            yield _Uses(module, project, spelling).dropped(call) or _kept(module, call, spelling)


def _is_function(module: ModuleFacts, node: ast.expr) -> bool:
    """Whether it is a function of this file, handed over by a statement of the file itself."""
    return (
        isinstance(node, ast.Name)
        and node.id in module.functions
        and module.functions[node.id].node in module.tree.body
    )


def _is_scriptable(module: ModuleFacts, project: Project, node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        value = _only_value(module, node)
        return value is not None and not isinstance(value, ast.Name) and _is_scriptable(module, project, value)
    made = constructed(node)
    return made is not None and project.is_scriptable(module, made)


def _only_value(module: ModuleFacts, name: ast.Name) -> ast.expr | None:
    """What a name was given on the one line before this one, in the same block of the same function."""
    scope = _scope(module, name)
    stores = [node for node in _inside(scope) if isinstance(node, ast.Name) and node.id == name.id and _is_store(node)]
    before = [node for node in stores if node.lineno < name.lineno]
    rebound = [node for node in stores if _statement(module, node) is _statement(module, name)]
    statement = module.parent(before[0]) if len(before) == 1 and len(stores) == 1 + len(rebound) else None
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or before[0] not in _targets(statement):
        return None
    is_same_block = module.parent(statement) is module.parent(_statement(module, name)) or statement in _body(scope)
    return statement.value if is_same_block else None


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _body(scope: ast.AST) -> list[ast.stmt]:
    return scope.body if isinstance(scope, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else []


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, (ast.Store, ast.Del))


def _scope(module: ModuleFacts, node: ast.AST) -> ast.AST:
    return next((above for above in module.ancestors(node) if isinstance(above, SCOPES)), module.tree)


def _statement(module: ModuleFacts, node: ast.AST) -> ast.AST:
    return next(above for above in (node, *module.ancestors(node)) if isinstance(above, ast.stmt))


def _inside(scope: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(scope):
        yield child
        yield from _inside(child)


def _kept(module: ModuleFacts, call: ast.Call, spelling: Spelling) -> Step:
    """The same object of torch, asked for by another name."""
    new, needs = spelling.of("scriptkit.to_torchscript", short=False)
    return Step(call, (replaced(module, call.func, new),), needs)


class _Uses:
    """What is done with a compiled module, as far as a file shows it."""

    def __init__(self, module: ModuleFacts, project: Project, spelling: Spelling) -> None:
        self._module, self._project, self._spelling = module, project, spelling
        self._methods: frozenset[str] = frozenset()

    def dropped(self, call: ast.Call) -> Step | None:
        """The argument alone, where what follows is seen and does not need torch's object."""
        made = constructed(call.args[0])
        if made is None:
            return None  # what else is done to the module of that name would be done to the compiled one, too
        self._methods = self._project.methods_of(self._module, made)
        around = unwrapped(self._module, call, call.args[0])
        above = self._module.parent(call)
        if around is None:
            return None
        if isinstance(above, ast.Attribute) and self._is_plain(above):
            return Step(call, around)
        saved = self._saved(call)
        if saved is not None:
            return Step(call, (*around, saved[0]), saved[1])
        if not isinstance(above, ast.Assign) or len(above.targets) != 1 or not isinstance(above.targets[0], ast.Name):
            return None
        return self._dropped_from(call, above.targets[0], around)

    def _dropped_from(self, call: ast.Call, name: ast.Name, around: tuple[Change, Change]) -> Step | None:
        """The same for `net = torch.jit.script(Net())`: every use of the name is looked at."""
        scope = _scope(self._module, name)
        if scope is self._module.tree:
            return None  # other files may import it
        changes, needs = list(around), frozenset[str]()
        for use in _inside(scope):
            if isinstance(use, ast.Name) and use.id == name.id and use is not name:
                saved = self._saved(use)
                is_fine = saved is not None or self._is_fine(use)
                if _is_store(use) or not is_fine or _scope(self._module, use) is not scope:
                    return None
                if saved is not None:
                    changes.append(saved[0])
                    needs |= saved[1]
        return Step(call, tuple(changes), needs)

    def _is_fine(self, use: ast.Name) -> bool:
        above = self._module.parent(use)
        is_called = isinstance(above, ast.Call) and above.func is use
        return is_called or (isinstance(above, ast.Attribute) and self._is_plain(above))

    def _is_plain(self, attribute: ast.Attribute) -> bool:
        """Whether `net.attribute` is a call that a module of Python answers as the compiled one does."""
        call = self._module.parent(attribute)
        if not isinstance(call, ast.Call) or call.func is not attribute:
            return False
        above = self._module.parent(call)
        if attribute.attr == "save" and "save" not in self._methods:
            return len(call.args) == 1 and not call.keywords and isinstance(above, ast.Expr)
        if attribute.attr in RETURN_SELF:
            return isinstance(above, ast.Expr) or (isinstance(above, ast.Attribute) and self._is_plain(above))
        return attribute.attr in PLAIN or attribute.attr in self._methods

    def _saved(self, node: ast.expr) -> tuple[Change, frozenset[str]] | None:
        """`torch.jit.save(net, path)` becomes `scriptkit.save(net, path)`."""
        call = self._module.parent(node)
        if not isinstance(call, ast.Call) or self._module.dotted(call.func) != "torch.jit.save":
            return None
        if len(call.args) != 2 or call.args[0] is not node or call.keywords:  # noqa: PLR2004 - the module and the file
            return None
        new, needs = self._spelling.of("scriptkit.save", short=False)
        return replaced(self._module, call.func, new), needs
