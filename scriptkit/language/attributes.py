"""Which attributes a class has: what its body declares, what `__init__` and its callees assign, what comes later."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Literal, TypeGuard

from scriptkit.language.facts import Assignment, AttributeFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.language.facts import ClassFacts, FunctionFacts

Registered = Literal["", "parameter", "buffer", "module"]
REGISTER: dict[str, Registered] = {
    "register_buffer": "buffer",
    "register_parameter": "parameter",
    "add_module": "module",
    "register_module": "module",
}
FINAL = frozenset({"typing.Final", "torch.jit.Final", "scriptkit.Final", "torch.jit.typing.Final"})
BRANCHES = (ast.If, ast.For, ast.While, ast.Try, ast.AsyncFor, ast.Match, ast.ExceptHandler)


def collect_attributes(cls: ClassFacts) -> None:
    """Fill `cls.attributes`, those of bases of the same file included."""
    for owner in reversed(cls.mro):
        _collect_body(cls, owner)
    initial = _initial_methods(cls)
    for method in initial:
        for name, found, registered in _assignments(method):
            attribute = _attribute(cls, name)
            attribute.init.append(found)
            attribute.registered = attribute.registered or registered
            if cls.scriptable and found.annotation is not None:  # a lift: plain torch.jit does not read these
                attribute.final = attribute.final or is_final(cls, found.annotation)
        for name, mutated in _mutations(method):
            if name in cls.attributes:
                cls.attributes[name].mutations.append(mutated)
    seen = {id(method) for method in initial}
    for owner in cls.mro:
        for method in owner.own_methods.values():
            if id(method) not in seen:
                for name, found, _ in _assignments(method):
                    _attribute(cls, name).later.append(found)


def _collect_body(cls: ClassFacts, owner: ClassFacts) -> None:
    """What a class body declares and assigns."""
    for name, declaration in owner.annotations.items():
        attribute = _attribute(cls, name)
        attribute.declaration, attribute.owner = declaration, owner
        attribute.final = is_final(cls, declaration.annotation)
    for name, value in owner.class_values.items():
        if name == "__constants__":
            for constant in _strings(value):
                _attribute(cls, constant).constant = True
        elif name not in ("__slots__", "__doc__"):
            _attribute(cls, name).class_value = value


def is_final(cls: ClassFacts, annotation: ast.expr) -> bool:
    """Whether an annotation says `Final` or `Final[T]`."""
    head = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value.partition("[")[0].rpartition(".")[2] == "Final"
    return cls.module.dotted(head) in FINAL


def _attribute(cls: ClassFacts, name: str) -> AttributeFacts:
    return cls.attributes.setdefault(name, AttributeFacts(name, cls))


def _strings(value: ast.expr) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _initial_methods(cls: ClassFacts) -> list[FunctionFacts]:
    """`__init__` of the class and of its bases, and the methods they call on self."""
    found: list[FunctionFacts] = [
        owner.own_methods["__init__"] for owner in reversed(cls.mro) if "__init__" in owner.own_methods
    ]
    for method in found:
        for node in method.descendants:
            if isinstance(node, ast.Attribute) and _is_self(node.value, method):
                called = cls.methods.get(node.attr)
                if called is not None and called not in found and isinstance(node.ctx, ast.Load):
                    found.append(called)
    return found


def _mutations(method: FunctionFacts) -> Iterator[tuple[str, ast.expr | None]]:
    """`self.xs.append(value)`, `self.xs[i] = value` and the like: an attribute filled after it was created."""
    for node in method.descendants:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            holder = node.func.value
            if isinstance(holder, ast.Attribute) and _is_self(holder.value, method):
                plain = node.func.attr == "append" and len(node.args) == 1
                yield holder.attr, node.args[0] if plain else None
        written = node.target if isinstance(node, ast.AugAssign) else node.value if _is_item_store(node) else None
        if isinstance(written, ast.Attribute) and _is_self(written.value, method):
            yield written.attr, None


def _is_item_store(node: ast.AST) -> TypeGuard[ast.Subscript]:
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)


def _is_self(node: ast.expr, method: FunctionFacts) -> bool:
    return isinstance(node, ast.Name) and node.id == method.self_name


def _assignments(method: FunctionFacts) -> Iterator[tuple[str, Assignment, Registered]]:
    if method.self_name is not None:
        yield from _in_body(method.node.body, method, ())


def _in_body(
    body: list[ast.stmt], method: FunctionFacts, conditions: tuple[ast.AST, ...]
) -> Iterator[tuple[str, Assignment, Registered]]:
    for statement in body:
        yield from _in_statement(statement, method, conditions)
        inner = (*conditions, statement) if isinstance(statement, BRANCHES) else conditions
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from _in_body(getattr(statement, part, []), method, inner)
        for branch in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _in_body(branch.body, method, inner)


def _in_statement(
    statement: ast.stmt, method: FunctionFacts, conditions: tuple[ast.AST, ...]
) -> Iterator[tuple[str, Assignment, Registered]]:
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            yield from _targets(target, statement.value, statement, method, conditions, None)
    elif isinstance(statement, ast.AnnAssign):
        yield from _targets(statement.target, statement.value, statement, method, conditions, statement.annotation)
    elif isinstance(statement, (ast.AugAssign, ast.For, ast.AsyncFor)):
        yield from _targets(statement.target, None, statement, method, conditions, None)
    elif isinstance(statement, ast.Expr):
        for node in ast.walk(statement.value):
            if isinstance(node, ast.Call):
                yield from _registration(node, statement, method, conditions)


def _targets(
    target: ast.expr,
    value: ast.expr | None,
    statement: ast.stmt,
    method: FunctionFacts,
    conditions: tuple[ast.AST, ...],
    annotation: ast.expr | None,
) -> Iterator[tuple[str, Assignment, Registered]]:
    if isinstance(target, ast.Attribute) and _is_self(target.value, method):
        yield target.attr, Assignment(target, statement, value, method, conditions, annotation), ""
    elif isinstance(target, (ast.Tuple, ast.List)):
        values: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
            values = list(value.elts)
        for part, part_value in zip(target.elts, values, strict=False):
            yield from _targets(part, part_value, statement, method, conditions, None)
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value, None, statement, method, conditions, None)


def _registration(
    call: ast.Call, statement: ast.stmt, method: FunctionFacts, conditions: tuple[ast.AST, ...]
) -> Iterator[tuple[str, Assignment, Registered]]:
    function = call.func
    if not (isinstance(function, ast.Attribute) and function.attr in REGISTER and _is_self(function.value, method)):
        return
    given = {k.arg: k.value for k in call.keywords}
    name = call.args[0] if call.args else given.get("name")
    value = call.args[1] if len(call.args) > 1 else given.get("tensor", given.get("param", given.get("module")))
    if isinstance(name, ast.Constant) and isinstance(name.value, str):
        found = Assignment(name, statement, value, method, conditions)
        yield name.value, found, REGISTER[function.attr]
