"""Statements: returns, assignments, and everything that is neither a branch, a loop nor a `with`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.inference.arithmetic import apply_in_place
from scriptkit.language.inference.assignments import assign, report_mismatch
from scriptkit.language.inference.conditions import read_condition
from scriptkit.language.inference.frames import Binding
from scriptkit.language.inference.lookups import read_annotation
from scriptkit.language.inference.matching import converted
from scriptkit.language.problems.variables import ReannotatedVariable, ReturnTypeMismatch, ReturnTypesDiffer
from scriptkit.language.types import NONE, UNKNOWN, Type, is_subtype, unify

if TYPE_CHECKING:
    from scriptkit.language.inference.body import Body


def run_expression(body: Body, node: ast.Expr) -> None:
    """An expression for its effect."""
    if not isinstance(node.value, ast.Constant):
        body.value(node.value)


def run_return(body: Body, node: ast.Return) -> bool:
    """`return`."""
    _check_result(body, NONE if node.value is None else body.type(node.value, body.declared, "return value"), node)
    return True


def _check_result(body: Body, actual: Type, node: ast.Return) -> None:
    """Check what is returned against the declaration, or against the returns before."""
    if body.declared is not None:
        _check_declared(body, actual, body.declared, node)
    elif not isinstance(body.returned, Type):
        body.returned, body.first_return = actual, node
    else:
        joined = unify(body.returned, actual)
        if joined is None and not body.uncertain:
            body.report(ReturnTypesDiffer(first=body.returned, second=actual), node, body.first_return)
        body.returned = UNKNOWN if joined is None or (body.uncertain and joined != actual) else joined


def _check_declared(body: Body, actual: Type, declared: Type, node: ast.Return) -> None:
    found = actual if actual is NONE else converted(actual, declared, conversions=True)
    if not is_subtype(found, declared):
        plain = ReturnTypeMismatch(declared=declared, actual=actual)
        report_mismatch(body, plain, node.value or node, "return value")


def run_assignment(body: Body, node: ast.Assign) -> None:
    """`a = b = value`."""
    value = body.value(node.value)
    for target in node.targets:
        assign(body, target, value, node.value)


def run_annotated_assignment(body: Body, node: ast.AnnAssign) -> None:
    """`x: T = value`, or a declaration alone."""
    if isinstance(node.target, ast.Attribute):
        if node.value is not None:
            assign(body, node.target, body.value(node.value, body.annotations.type(node.annotation)), node.value)
        return
    before = len(body.sink.problems)
    declared = read_annotation(body, node.annotation, "variable")
    wrong = len(body.sink.problems) > before
    if node.value is None:
        if isinstance(node.target, ast.Name):
            body.frame.bind(node.target.id, Binding(declared, node))
        return
    with body.sink.muted(wrong):
        value = body.value(node.value, declared)
    if isinstance(node.target, ast.Name) and body.frame.find_outside(node.target.id) is not None:
        body.report(ReannotatedVariable(name=node.target.id), node)
    assign(body, node.target, value, node.value, declared)


def run_augmented_assignment(body: Body, node: ast.AugAssign) -> None:
    """`x += value`."""
    result = apply_in_place(body, node)
    if result is not None:
        assign(body, node.target, result, None)


def run_delete(body: Body, node: ast.Delete) -> None:
    """`del x`."""
    for target in node.targets:
        if isinstance(target, ast.Name):
            body.frame.names.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            body.value(target.value)
            if not isinstance(target.slice, ast.Slice):
                body.value(target.slice)


def run_raise(body: Body, node: ast.Raise) -> bool:
    """`raise`: what stands behind is compiled, too."""
    if isinstance(node.exc, ast.Call):
        for argument in node.exc.args:
            body.value(argument)
    return True


def run_assert(body: Body, node: ast.Assert) -> bool:
    """`assert`: behind it the test is proven.

    Where an attribute must be `None` and the instance decides, the test fails in the others, which compile no more.
    """
    test = read_condition(body, node.test)
    if node.msg is not None and test.static is not True:
        with body.inner(test.proves_false):
            body.value(node.msg)
    body.refine(test.proves_true)
    if test.static == "unknown" and any(map(_is_none, ast.walk(node.test))):
        body.may_have_ended()
    return test.static is False


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is)


def run_try(body: Body, node: ast.Try) -> bool:
    """Not compiled at all; the rules say so, and nothing is known after it."""
    with body.inner(), body.doubtful():
        for part in (node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody):
            body.block(part)
    _forget(body, node)
    body.maybe_exited = True
    return False


def run_match(body: Body, node: ast.Match) -> bool:
    """Not compiled at all; nothing is known of what it assigns."""
    _forget(body, node)
    return False


def run_definition(body: Body, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    """A function or class inside the function."""
    body.frame.bind(node.name, Binding(UNKNOWN, node))


def run_import(body: Body, node: ast.Import | ast.ImportFrom) -> None:
    """An import inside the function."""
    for alias in node.names:
        body.frame.bind(alias.asname or alias.name.split(".")[0], Binding(UNKNOWN, node))


def _forget(body: Body, node: ast.AST) -> None:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            body.frame.bind(inner.id, Binding(UNKNOWN, inner))
        elif isinstance(inner, ast.Return):
            body.returned = UNKNOWN
