"""Statements: returns, context managers, and everything that is neither a branch, a loop nor an assignment."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.frames import Binding
from scriptkit.language.matching import converted
from scriptkit.language.types import (
    NONE,
    UNKNOWN,
    Type,
    is_subtype,
    unify,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.values import AnyValue
from scriptkit.language.loops import Loops

CONTEXTS = frozenset(
    {
        "torch.no_grad",
        "torch.autograd.no_grad",
        "torch.autograd.grad_mode.no_grad",
        "torch.autograd.profiler.record_function",
        "torch.profiler.record_function",
        "torch.autograd.profiler.profile",
        "torch.amp.autocast",
        "torch.autocast",
        "torch.cuda.amp.autocast",
        "torch.cuda.amp.autocast_mode.autocast",
        "torch.cpu.amp.autocast",
        "torch.amp.autocast_mode.autocast",
        "torch.jit.strict_fusion",
        "torch.jit._fuser.fuser",
    },
)
BAD_CONTEXTS = frozenset(
    {
        "torch.set_grad_enabled",
        "torch.enable_grad",
        "torch.autograd.enable_grad",
        "torch.inference_mode",
        "torch.autograd.inference_mode",
        "contextlib.nullcontext",
        "contextlib.suppress",
        "contextlib.ExitStack",
    }
)


class Statements(Loops):
    """The part of the pass that runs statements."""

    def block(self, body: Sequence[ast.stmt]) -> bool:
        """Run statements; True when control never leaves them at the end."""
        for index, statement in enumerate(body):
            if self.statement(statement):
                for rest in body[index + 1 :]:
                    self.sink.kill(rest)
                return True
        return False

    def statement(self, node: ast.stmt) -> bool:
        """Run one statement; True when it always exits."""
        run = getattr(self, f"_run_{type(node).__name__.lower()}", None)
        return bool(run(node)) if run is not None else False

    def _run_expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def _run_return(self, node: ast.Return) -> bool:
        self.result(NONE if node.value is None else self.type(node.value, self.declared, "return value"), node)
        return True

    def result(self, actual: Type, node: ast.Return) -> None:
        """Check what is returned against the declaration, or against the returns before."""
        if self.declared is not None:
            self._declared_result(actual, self.declared, node)
        elif not isinstance(self.returned, Type):
            self.returned, self.first_return = actual, node
        else:
            joined = unify(self.returned, actual)
            if joined is None and not self.uncertain:
                self.report("return-types-differ", node, self.first_return, first=self.returned, second=actual)
            self.returned = UNKNOWN if joined is None or (self.uncertain and joined != actual) else joined

    def _declared_result(self, actual: Type, declared: Type, node: ast.Return) -> None:
        found = actual if actual is NONE else converted(actual, declared, conversions=True)
        if not is_subtype(found, declared):
            self.mismatch("return-type-mismatch", node.value or node, declared, actual, use="return value")

    def _run_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value, node.value)

    def _run_annassign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Attribute):
            if node.value is not None:
                self.assign(node.target, self.value(node.value, self.annotations.type(node.annotation)), node.value)
            return
        before = len(self.sink.problems)
        declared = self.read_annotation(node.annotation, "variable")
        wrong = len(self.sink.problems) > before
        if node.value is None:
            if isinstance(node.target, ast.Name):
                self.frame.bind(node.target.id, Binding(declared, node))
            return
        with self.sink.muted(wrong):
            value = self.value(node.value, declared)
        if isinstance(node.target, ast.Name) and self.frame.find_outside(node.target.id) is not None:
            self.report("reannotated-variable", node, name=node.target.id)
        self.assign(node.target, value, node.value, declared)

    def _run_augassign(self, node: ast.AugAssign) -> None:
        result = self.augmented(node)
        if result is not None:
            self.assign(node.target, result, None)

    def _run_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.frame.names.pop(target.id, None)
            elif isinstance(target, ast.Subscript):
                self.value(target.value)
                if not isinstance(target.slice, ast.Slice):
                    self.value(target.slice)

    def _run_raise(self, node: ast.Raise) -> bool:
        if isinstance(node.exc, ast.Call):
            for argument in node.exc.args:
                self.value(argument)
        return True

    def _run_assert(self, node: ast.Assert) -> bool:
        test = self.condition(node.test)
        if node.msg is not None and test.static is not True:
            with self.inner(test.proves_false):
                self.value(node.msg)
        self.refine(test.proves_true)
        return test.static is False

    def _run_with(self, node: ast.With) -> bool:
        for item in node.items:
            self._context(item)
        return self.block(node.body)

    def _context(self, item: ast.withitem) -> None:
        expression = item.context_expr
        function = expression.func if isinstance(expression, ast.Call) else expression
        dotted = self.module.dotted(function)
        entered: AnyValue = UNKNOWN
        if dotted in CONTEXTS:
            if isinstance(expression, ast.Call):
                for argument in (*expression.args, *(k.value for k in expression.keywords)):
                    self.value(argument)
        elif (
            dotted in BAD_CONTEXTS
            or (dotted or "").partition(".")[0] in ("contextlib", "warnings", "threading", "time")
            or dotted in self.module.functions
        ):
            self.report("with-statement", expression, text=ast.unparse(expression), name=dotted or "")
        else:
            entered = self.entered(self.value(expression), expression)
        if item.optional_vars is not None:
            self.assign(item.optional_vars, entered, None)

    def _run_try(self, node: ast.Try) -> bool:
        """Not compiled at all; the rules say so, and nothing is known after it."""
        with self.inner(), self.doubtful():
            for body in (node.body, *(h.body for h in node.handlers), node.orelse, node.finalbody):
                self.block(body)
        self._forget(node)
        self.maybe_exited = True
        return False

    def _run_match(self, node: ast.Match) -> bool:
        self._forget(node)
        return False

    def _run_functiondef(self, node: ast.FunctionDef) -> None:
        self.frame.bind(node.name, Binding(UNKNOWN, node))

    def _run_classdef(self, node: ast.ClassDef) -> None:
        self.frame.bind(node.name, Binding(UNKNOWN, node))

    def _run_import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self.frame.bind(alias.asname or alias.name.split(".")[0], Binding(UNKNOWN, node))

    def _forget(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                self.frame.bind(inner.id, Binding(UNKNOWN, inner))
            elif isinstance(inner, ast.Return):
                self.returned = UNKNOWN

    _run_importfrom = _run_import

    _run_asyncfunctiondef = _run_functiondef
