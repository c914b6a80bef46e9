"""From text to facts: which modules, classes, methods and attributes a file holds."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.attributes import collect_attributes
from scriptkit.language.class_kinds import SCRIPTABLE, is_scriptable, kind_of
from scriptkit.language.facts import (
    ClassFacts,
    FunctionFacts,
    FunctionNode,
    GlobalFacts,
    ModuleFacts,
    Parameter,
)
from scriptkit.language.parsing import TYPE_STATEMENTS, syntax_tree
from scriptkit.language.standing_alone import standing_alone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scriptkit.language.facts import MethodKind

MARKS = {
    "torch.jit.export": "export",
    "torch.jit.ignore": "ignore",
    "torch.jit.unused": "unused",
    "torch.jit.script": "script",
    "torch.jit.script_method": "export",
    "torch.jit.interface": "interface",
    "torch.jit._overload": "overload",
    "torch.jit._overload_method": "overload",
    "torch._jit_internal._overload": "overload",
    "torch._jit_internal._overload_method": "overload",
    "typing.overload": "overload",
    "abc.abstractmethod": "abstract",
    "torch.jit._drop": "ignore",
    "torch._jit_internal._copy_to_script_wrapper": "copy",
    "scriptkit.export": "export",
    "scriptkit.ignore": "ignore",
    "scriptkit.unused": "unused",
    "scriptkit.script": "script",
    "scriptkit.traced": "traced",
    "scriptkit.scripted": "script",
}
NOT_FOREIGN = frozenset({"torch.nn.Module", "builtins.object", "abc.ABC", "typing.Protocol", "typing.Generic"})
TYPING = (
    "Any Callable Dict Final Iterable List Literal NamedTuple Optional Sequence Set Tuple Type TypeVar Union".split()
)


def read(
    text: str, path: str = "<string>", tree: ast.Module | None = None, told: Mapping[str, bool] | None = None
) -> ModuleFacts:
    """Parse a file and collect its facts. Raises SyntaxError (or ValueError for null bytes) when it does not parse.

    `told` are classes that somebody knows to be modules, and whether they are scriptable: by a base in another file.
    """
    module = ModuleFacts(path, text, syntax_tree(text, path) if tree is None else tree)
    _read_imports(module)
    for statement in _top_level(module.tree.body):
        _read_global(module, statement)
    _read_classes(module, module.tree, "")
    for cls in module.classes.values():
        _resolve_bases(cls)
    for cls in module.classes.values():
        cls.kind = kind_of(cls, frozenset())
        cls.scriptable = is_scriptable(cls, frozenset())
        if told is not None and cls.qualname in told and cls.kind in ("plain", "module"):
            cls.kind, cls.scriptable = "module", cls.scriptable or told[cls.qualname]
    if any(cls.is_module or cls.kind == "script-class" for cls in module.classes.values()):
        for cls in module.classes.values():
            collect_attributes(cls)
    module.standing_alone = standing_alone(module)
    return module


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, also those under `if`, `try` and `with`."""
    for statement in body:
        yield statement
        for part in ("body", "orelse", "finalbody"):
            if isinstance(statement, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
                yield from _top_level(getattr(statement, part, []))
        if isinstance(statement, ast.Try):
            for handler in statement.handlers:
                yield from _top_level(handler.body)


def _read_imports(module: ModuleFacts) -> None:
    for statement in _top_level(module.tree.body):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            _read_import(module, statement)
    for statement in _top_level(module.tree.body):
        if isinstance(statement, ast.If) and _is_type_checking(statement.test):
            for inner in _top_level(statement.body):
                if isinstance(inner, (ast.Import, ast.ImportFrom)):
                    for name in _imported(inner):
                        module.type_checking_imports[name] = module.imports.get(name, name)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    for alias in statement.names:
        yield alias.asname or alias.name.split(".")[0]


def _read_import(module: ModuleFacts, statement: ast.Import | ast.ImportFrom) -> None:
    for alias in statement.names:
        if isinstance(statement, ast.Import):
            name, target = (
                alias.asname or alias.name.split(".")[0],
                alias.name if alias.asname else alias.name.split(".")[0],
            )
        elif alias.name == "*":
            _read_star(module, statement)
            continue
        else:
            name = alias.asname or alias.name
            target = f"{'.' * statement.level}{statement.module or ''}.{alias.name}"
            if statement.level == 0 and statement.module == "__future__":
                module.future_annotations |= alias.name == "annotations"
                continue
        module.imports.setdefault(name, target)
        module.import_nodes.setdefault(name, statement)


def _read_star(module: ModuleFacts, statement: ast.ImportFrom) -> None:
    """`from typing import *` is known; any other star hides what names mean."""
    if statement.module != "typing":
        module.star_imports = True
    for name in TYPING:
        module.imports.setdefault(name, f"typing.{name}")


def _read_global(module: ModuleFacts, statement: ast.stmt) -> None:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        module.functions[statement.name] = read_function(module, statement, None)
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            for name in _names(target):
                _add_global(module, name, statement, statement.value if isinstance(target, ast.Name) else None, None)
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        _add_global(module, statement.target.id, statement, statement.value, statement.annotation)
    elif isinstance(statement, TYPE_STATEMENTS):
        _add_global(module, statement.name.id, statement, None if statement.type_params else statement.value, None)
    elif isinstance(statement, (ast.AugAssign, ast.For)):
        for name in _names(statement.target):
            _add_global(module, name, statement, None, None)
    elif isinstance(statement, ast.With):
        for item in statement.items:
            for name in _names(item.optional_vars) if item.optional_vars else ():
                _add_global(module, name, statement, None, None)


def _add_global(
    module: ModuleFacts, name: str, node: ast.stmt, value: ast.expr | None, annotation: ast.expr | None
) -> None:
    if name in module.globals:
        module.globals[name].assigned += 1
    else:
        module.globals[name] = GlobalFacts(name, node, value, annotation)


def _names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def read_function(module: ModuleFacts, node: FunctionNode, owner: ClassFacts | None) -> FunctionFacts:
    """The facts of a function or method."""
    decorators = [module.dotted(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list]
    marks = frozenset(MARKS[name] for name in decorators if name in MARKS)
    return FunctionFacts(
        node.name, node, module, owner, _function_kind(node, decorators, owner), marks, _parameters(node)
    )


def _function_kind(node: FunctionNode, decorators: list[str | None], owner: ClassFacts | None) -> MethodKind:
    if owner is None:
        return "function"
    if "builtins.staticmethod" in decorators:
        return "static"
    if "builtins.classmethod" in decorators:
        return "class"
    if "builtins.property" in decorators or "functools.cached_property" in decorators:
        return "property"
    if any(isinstance(d, ast.Attribute) and d.attr in ("setter", "deleter") for d in node.decorator_list):
        return "setter"
    return "method"


def _parameters(node: FunctionNode) -> list[Parameter]:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults.extend(arguments.defaults)
    found = [Parameter(a.arg, a, a.annotation, d, "positional") for a, d in zip(positional, defaults, strict=False)]
    if arguments.vararg:
        found.append(Parameter(arguments.vararg.arg, arguments.vararg, arguments.vararg.annotation, None, "varargs"))
    found.extend(
        Parameter(a.arg, a, a.annotation, d, "keyword")
        for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False)
    )
    if arguments.kwarg:
        found.append(Parameter(arguments.kwarg.arg, arguments.kwarg, arguments.kwarg.annotation, None, "kwargs"))
    return found


def _read_classes(module: ModuleFacts, node: ast.AST, prefix: str) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            cls = _read_class(module, child, prefix + child.name)
            module.classes[cls.qualname] = cls
            _read_classes(module, child, f"{cls.qualname}.")
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            _read_classes(module, child, f"{prefix}{child.name}.<locals>.")
        elif isinstance(child, (ast.stmt, ast.ExceptHandler)):
            _read_classes(module, child, prefix)


def _read_class(module: ModuleFacts, node: ast.ClassDef, qualname: str) -> ClassFacts:
    cls = ClassFacts(node.name, qualname, node, module, [])
    for statement in _top_level(node.body):
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            method = read_function(module, statement, cls)
            key = f"{method.name}.setter" if method.kind == "setter" else method.name
            if "overload" in method.marks:
                cls.overloaded.add(method.name)
            else:
                cls.own_methods[key] = method
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            cls.annotations[statement.target.id] = statement
            if statement.value is not None:
                cls.class_values[statement.target.id] = statement.value
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    cls.class_values[target.id] = statement.value
    return cls


def _resolve_bases(cls: ClassFacts) -> None:
    for base in cls.node.bases:
        plain = base.value if isinstance(base, ast.Subscript) else base
        name = cls.module.dotted(plain) or (plain.id if isinstance(plain, ast.Name) else None)
        local = _local_class(cls, name)
        cls.bases.append(name)
        if local is not None:
            cls.local_bases.append(local)
        elif name not in NOT_FOREIGN and name not in SCRIPTABLE:
            cls.foreign_bases.append(name or ast.unparse(base))


def _local_class(cls: ClassFacts, name: str | None) -> ClassFacts | None:
    """The class of this file that `name` means, seen from `cls`; an earlier class of the same name is not followed."""
    if name is None:
        return None
    scope = cls.qualname.rpartition(".")[0]
    while True:
        found = cls.module.classes.get(f"{scope}.{name}" if scope else name)
        if found is not None and found is not cls and found.node.lineno < cls.node.lineno:
            return found
        if not scope:
            return None
        scope = scope.rpartition(".")[0]
