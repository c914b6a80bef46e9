"""Statements: assignment against enclosing blocks, branches and their join, loops unrolled or not, returns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.body import Body, Condition
from scriptkit.language.frames import Binding, Frame, Unusable
from scriptkit.language.matching import converted
from scriptkit.language.types import (
    ANY,
    NONE,
    TENSOR,
    UNKNOWN,
    Dict,
    EmptyList,
    Instance,
    List,
    Tuple,
    Type,
    Union,
    is_optional,
    is_subtype,
    unify,
    without_none,
)
from scriptkit.language.values import ContainerValue, Iteration, ModuleValue, Sugared, TupleValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.values import AnyValue

CONTEXTS = frozenset(
    {
        "torch.no_grad",
        "torch.enable_grad",
        "torch.autograd.no_grad",
        "torch.autograd.enable_grad",
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
        "torch.inference_mode",
        "torch.autograd.inference_mode",
        "contextlib.nullcontext",
        "contextlib.suppress",
        "contextlib.ExitStack",
    }
)


class Statements(Body):
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

    # -- plain statements ------------------------------------------------------------
    def _run_expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def _run_return(self, node: ast.Return) -> bool:
        actual: AnyValue = NONE if node.value is None else self.value(node.value, self.declared)
        if isinstance(actual, Sugared):
            actual = self.as_type(actual, node.value or ast.Constant(None), "return value")
        self.result(actual, node)
        return True

    def result(self, actual: AnyValue, node: ast.Return) -> None:
        """Check what is returned against the declaration, or against the returns before."""
        if not isinstance(actual, Type):
            return
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

    def mismatch(self, kind: str, node: ast.AST, declared: Type, actual: Type, **data: object) -> None:
        """A value of one type where another is declared: the most telling kind for it."""
        origin = self.origin_of(node)
        use = str(data.get("use", ""))
        if origin is not None and isinstance(actual, (List, Dict)) and isinstance(declared, (List, Dict)):
            element = declared.element if isinstance(declared, List) else declared.value
            key = declared.key if isinstance(declared, Dict) else None
            self.report(
                "empty-container-untyped",
                node,
                origin,
                name=ast.unparse(node),
                value=ast.unparse(origin),
                element=element,
                key=key,
            )
            return
        if self._power(node, declared, use):
            return
        if _invariant(declared, actual):
            self.report("invariance", node, expected=declared, actual=actual, use=use or kind)
            return
        if isinstance(declared, Tuple) and isinstance(actual, List) and kind != "return-type-mismatch":
            self.report("tuple-list-mix", node, expected=declared, actual=actual, use=use or kind)
            return
        if is_optional(actual) and not is_optional(declared) and isinstance(node, ast.expr):
            self.not_refined(actual, node, use or kind)
            return
        data.pop("use", None)
        self.report(kind, node, declared=declared, actual=actual, **data)

    def _power(self, node: ast.AST, declared: Type, use: str) -> bool:
        """Whether the value comes from `int ** int`, a float in compiled code."""
        if str(declared) == "int" and isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            self.report("int-pow", node, use=use)
            return True
        return False

    def origin_of(self, node: ast.AST) -> ast.expr | None:
        """The untyped `[]` or `{}` a name was bound to."""
        if isinstance(node, ast.Name):
            binding = self.frame.find(node.id)
            return binding.origin if binding is not None else None
        return None

    def _run_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value, node.value)

    def _run_annassign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Attribute):
            if node.value is not None:
                self.assign(node.target, self.value(node.value), node.value)
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
                if not isinstance(argument, ast.Starred):
                    self.value(argument)
        return True

    def _run_assert(self, node: ast.Assert) -> None:
        test = self.condition(node.test)
        if node.msg is not None and test.static is not True:
            with self.inner(test.proves_false):
                self.value(node.msg)
        self.refine(test.proves_true)

    def _run_break(self, node: ast.Break) -> bool:
        return self._leave(node, "break")

    def _run_continue(self, node: ast.Continue) -> bool:
        return self._leave(node, "continue")

    def _leave(self, node: ast.stmt, word: str) -> bool:
        if self.unrolled > 0:
            self.report("break-in-unrolled-loop", node, word=word, iterable="")
        return False

    def _run_with(self, node: ast.With) -> bool:
        for item in node.items:
            self._context(item, node)
        return self.block(node.body)

    def _context(self, item: ast.withitem, node: ast.With) -> None:
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
        elif dotted == "builtins.open":
            self.report("with-statement", expression, text=ast.unparse(expression), name="open")
        else:
            entered = self.entered(self.value(expression))
        if item.optional_vars is not None:
            self.assign(item.optional_vars, entered, None)

    # -- branches -------------------------------------------------------------------
    def _run_if(self, node: ast.If) -> bool:
        test = self.condition(node.test)
        if test.static is True:
            self.refine(test.proves_true)
            self.sink.kill(*node.orelse)
            return self.block(node.body)
        if test.static is False:
            self.refine(test.proves_false)
            self.sink.kill(*node.body)
            return self.block(node.orelse)
        if test.static == "unknown":
            return self._either(node, test)
        with self.inner(test.proves_true) as true:
            true_exits = self.block(node.body)
        with self.inner(test.proves_false) as false:
            false_exits = self.block(node.orelse)
        self._join(node, true, false, true_exits, false_exits)
        return true_exits and false_exits

    def _either(self, node: ast.If, test: Condition) -> bool:
        """A test the compiler decides when it has the instance: either branch may be all there is."""
        exits = []
        frames = []
        returned = self.returned
        for body, proven in ((node.body, test.proves_true), (node.orelse, test.proves_false)):
            self.returned = returned
            with self.inner(proven) as frame, self.doubtful():
                exits.append(self.block(body))
            frames.append((frame, exits[-1], self.returned))
        results = [r for _, _, r in frames if r is not None]
        self.returned = (
            (results[0] if results and all(r == results[0] for r in results) else UNKNOWN) if results else None
        )
        self._merge_leniently(frames[0][0], frames[1][0], *exits)
        if exits[0] != exits[1]:
            self.maybe_exited = True
            self.uncertain += 1
        return exits[0] and exits[1]

    maybe_exited = False

    def _merge_leniently(self, true: Frame, false: Frame, true_exits: bool, false_exits: bool) -> None:  # noqa: FBT001
        for name in {**true.names, **false.names}:
            left = None if true_exits else true.find(name)
            right = None if false_exits else false.find(name)
            if left is None and right is None:
                continue
            kept = left or right
            value: AnyValue = UNKNOWN
            if left is not None and right is not None and left.value == right.value:
                value = left.value
            if (true_exits or false_exits) and kept is not None:
                value = UNKNOWN if kept.refined else kept.value
            self.frame.bind(name, Binding(value, kept.node if kept else None))

    def _join(self, node: ast.AST, true: Frame, false: Frame, true_exits: bool, false_exits: bool) -> None:  # noqa: FBT001
        if true_exits and false_exits:
            return
        for name in {**true.names, **false.names, **true.unusable, **false.unusable}:
            left = None if true_exits else true.find(name)
            right = None if false_exits else false.find(name)
            broken = (None if true_exits else _broken(true, name)) or (None if false_exits else _broken(false, name))
            if broken is not None:
                self._spoil(name, broken)
            elif true_exits or false_exits:
                kept = left or right
                if kept is not None and (name in true.names or name in false.names):
                    self._keep(name, kept)
            elif left is None or right is None:
                where = "true branch" if left is None else "false branch"
                made = (left or right or Binding(UNKNOWN)).node
                self._spoil(name, Unusable("missing", where, true_node=made, block=node))
            else:
                self._join_name(node, name, left, right)

    def _keep(self, name: str, kept: Binding) -> None:
        self.frame.bind(name, kept)

    def _spoil(self, name: str, why: Unusable) -> None:
        self.frame.names.pop(name, None)
        self.frame.unusable[name] = why

    def _join_name(self, node: ast.AST, name: str, left: Binding, right: Binding) -> None:
        if left is right:
            return
        if not isinstance(left.value, Type) or not isinstance(right.value, Type):
            self._join_sugared(node, name, left, right)
            return
        outside = self.frame.find(name)
        full = outside.value if outside is not None and isinstance(outside.value, Type) else None
        to_union = isinstance(full, Union) or full is ANY
        joined = unify(left.value, right.value, to_union=to_union)
        later = right if (getattr(right.node, "lineno", 0) >= getattr(left.node, "lineno", 0)) else left
        if joined is None:
            why = Unusable("types", "", left.value, right.value, left.node, right.node, node)
            self._spoil(name, why)
            return
        self.frame.bind(name, Binding(joined, later.node, left.origin or right.origin))

    def _join_sugared(self, node: ast.AST, name: str, left: Binding, right: Binding) -> None:
        if left.value is right.value:
            return
        for side in (left, right):
            if isinstance(side.value, (ModuleValue, ContainerValue)) and not self.unsure_module(side.value):
                self.report("module-as-value", side.node or node, type=side.value, use=f"a value of `{name}`")
                break
        self.frame.bind(name, Binding(UNKNOWN, right.node))

    # -- loops ---------------------------------------------------------------------
    def _run_for(self, node: ast.For) -> bool:
        run = self.iterate(self.value(node.iter), node.iter)
        if run.unrolled:
            return self._unrolled(node, run)
        if run.kind == "unknown":
            return self._perhaps_unrolled(node, run)
        outside_unrolled, self.unrolled = self.unrolled, 0
        with self.inner() as frame:
            self.assign(node.target, run.element, None)
            self.block(node.body)
        self.unrolled = outside_unrolled
        self._after_loop(node, frame)
        self._run_else(node.orelse)
        return False

    def _perhaps_unrolled(self, node: ast.For, run: Iteration) -> bool:
        """A loop over what we do not know: a block of its own, or none at all."""
        before = {name: b.value for name, b in self._visible().items()}
        outside_unrolled, self.unrolled = self.unrolled, 0
        self.assign(node.target, run.element, None)
        self.block(node.body)
        self.unrolled = outside_unrolled
        for name, binding in self._visible().items():
            if before.get(name) != binding.value:
                self.frame.bind(name, Binding(UNKNOWN, binding.node))
        return False

    def _run_else(self, orelse: Sequence[ast.stmt]) -> None:
        """`else` of a loop: a syntax the rules report; nothing is known after it."""
        with self.inner(), self.doubtful():
            self.block(orelse)

    def _after_loop(self, node: ast.AST, frame: Frame) -> None:
        for name, binding in frame.names.items():
            outside = self.frame.find(name)
            if outside is None:
                self.frame.unusable[name] = Unusable("missing", "loop", true_node=binding.node, block=node)
            elif isinstance(outside.value, Type) and outside.value.has_unknown:
                self.frame.bind(name, Binding(UNKNOWN, outside.node))

    def _unrolled(self, node: ast.For, run: Iteration) -> bool:
        if run.items is not None:
            return self._unrolled_over(node, run.items)
        before = {name: b.value for name, b in self._visible().items()}
        self.unrolled += 1
        for second in (False, True):
            with self.doubtful(doubt=second):
                self.assign(node.target, run.element, None)
                if self.block(node.body):
                    break
            if not second and all(before.get(n) == b.value for n, b in self._visible().items() if n in before):
                break
        self.unrolled -= 1
        for name, binding in self._visible().items():
            if name in before and before[name] != binding.value:
                self.frame.bind(name, Binding(UNKNOWN, binding.node))
        return False

    def _unrolled_over(self, node: ast.For, items: Sequence[AnyValue]) -> bool:
        exits = False
        self.unrolled += 1
        seen: set[tuple[object, ...]] = set()
        for item in items[:64]:
            state = (_state(item), *((n, _state(b.value)) for n, b in self._visible().items()))
            if state in seen:
                continue
            seen.add(state)
            self.assign(node.target, item, None)
            exits = self.block(node.body)
            if exits:
                break
        self.unrolled -= 1
        return exits

    def _visible(self) -> dict[str, Binding]:
        found: dict[str, Binding] = {}
        frame: Frame | None = self.frame
        while frame is not None:
            for name, binding in frame.names.items():
                found.setdefault(name, binding)
            frame = frame.parent
        return found

    def _run_while(self, node: ast.While) -> bool:
        outside_unrolled, self.unrolled = self.unrolled, 0
        with self.inner() as frame:
            self.condition(node.test)
            self.block(node.body)
        self.unrolled = outside_unrolled
        self._after_loop(node, frame)
        self._run_else(node.orelse)
        return False

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

    _run_importfrom = _run_import
    _run_asyncfunctiondef = _run_functiondef

    def _forget(self, node: ast.AST) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                self.frame.bind(inner.id, Binding(UNKNOWN, inner))
            elif isinstance(inner, ast.Return):
                self.returned = UNKNOWN

    # -- targets --------------------------------------------------------------------
    def assign(
        self, target: ast.expr, value: AnyValue, origin: ast.expr | None, annotation: Type | None = None
    ) -> None:
        """Bind a target to a value."""
        if isinstance(target, ast.Name):
            self._assign_name(target, value, origin, annotation)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack(target, value, origin)
        elif isinstance(target, ast.Attribute):
            self.assign_attribute(target, value, origin)
        elif isinstance(target, ast.Subscript):
            self.assign_item(target, value, origin)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, origin)

    def _assign_name(self, target: ast.Name, value: AnyValue, origin: ast.expr | None, annotation: Type | None) -> None:
        outside = self.frame.find_outside(target.id)
        if outside is not None and annotation is None:
            value = self._against(target, value, outside, origin)
        if isinstance(value, Type) and annotation is not None:
            if not is_subtype(value, annotation):
                self._annotated(target, value, origin, annotation)
            value = annotation
        if isinstance(value, EmptyList):
            value = List(TENSOR)
        if isinstance(value, Type):
            self.sink.type(target, value)
        self.frame.bind(target.id, Binding(value, target, _untyped(origin, value) if annotation is None else None))

    def _annotated(self, target: ast.Name, value: Type, origin: ast.expr | None, annotation: Type) -> None:
        if value is not UNKNOWN:
            self.mismatch(
                "annotation-mismatch", origin or target, annotation, value, name=target.id, use="annotated variable"
            )

    def _against(self, target: ast.Name, value: AnyValue, outside: Binding, origin: ast.expr | None) -> AnyValue:
        """A variable of an enclosing block keeps its type."""
        old = outside.value
        if not isinstance(value, Type) or not isinstance(old, Type):
            if isinstance(value, Sugared) and isinstance(old, Sugared) and type(value) is type(old) is not ModuleValue:
                return value
            unsure = (isinstance(value, ModuleValue) and not value.name) or old is UNKNOWN or value is UNKNOWN
            if not unsure:
                self.report("reassign-not-first-class", target, outside.node, name=target.id)
            return UNKNOWN
        found = converted(value, old, conversions=True)
        if is_subtype(found, old):
            if old.has_unknown or value.has_unknown:
                return UNKNOWN
            return found
        empty = outside.origin is not None and isinstance(old, (List, Dict))
        if empty and isinstance(value, type(old)) and outside.origin is not None:
            element = value.element if isinstance(value, List) else value.value if isinstance(value, Dict) else UNKNOWN
            key = value.key if isinstance(value, Dict) else None
            text = ast.unparse(outside.origin)
            self.report(
                "empty-container-untyped", target, outside.origin, name=target.id, value=text, element=element, key=key
            )
        elif is_optional(value) and is_subtype(without_none(value), old) and origin is not None and old is not NONE:
            self.not_refined(value, origin, f"a value of `{target.id}`")
        else:
            self.report(
                "reassign-changes-type", target, outside.node, name=target.id, old=old, new=value, empty_list=empty
            )
        return UNKNOWN

    def _unpack(self, target: ast.Tuple | ast.List, value: AnyValue, origin: ast.expr | None) -> None:
        count = len(target.elts)
        starred = [i for i, part in enumerate(target.elts) if isinstance(part, ast.Starred)]
        parts: Sequence[AnyValue] | None = None
        if isinstance(value, Tuple):
            parts = value.elements
        elif isinstance(value, TupleValue):
            parts = value.items
        elif isinstance(value, List):
            if starred:
                self.report("starred-unpack-of-list", target, type=value)
            parts = None if starred else [value.element] * count
        elif value is TENSOR:
            self.report("tensor-unpack", target, count=count)
        elif isinstance(value, Union) and is_optional(value) and origin is not None:
            self.not_refined(value, origin, "unpacking")
        elif isinstance(value, Iteration) and value.items is not None:
            parts = value.items
        elif (
            isinstance(value, Type)
            and value is not UNKNOWN
            and not isinstance(value, (Union, Instance))
            and value is not ANY
        ):
            self.report("not-iterable", origin or target, type=value)
        if parts is not None and not starred and len(parts) != count:
            self.report("unpack-count", target, expected=count, actual=len(parts), type=value)
            parts = None
        self._bind_parts(target, parts, starred, origin)

    def _bind_parts(
        self,
        target: ast.Tuple | ast.List,
        parts: Sequence[AnyValue] | None,
        starred: list[int],
        origin: ast.expr | None,
    ) -> None:
        if parts is None or (starred and len(parts) < len(target.elts) - 1):
            for part in target.elts:
                self.assign(part, UNKNOWN, None)
            return
        values = list(parts)
        if starred:
            first = starred[0]
            extra = len(values) - (len(target.elts) - 1)
            middle = values[first : first + extra]
            packed: AnyValue = Tuple([v if isinstance(v, Type) else UNKNOWN for v in middle])
            values[first : first + extra] = [packed]
        literal = isinstance(origin, (ast.Tuple, ast.List)) and len(origin.elts) == len(values) and not starred
        for index, (part, value) in enumerate(zip(target.elts, values, strict=False)):
            self.assign(
                part, value, origin.elts[index] if literal and isinstance(origin, (ast.Tuple, ast.List)) else None
            )


def _state(value: AnyValue) -> object:
    return value if isinstance(value, Type) else id(value)


def _broken(frame: Frame, name: str) -> Unusable | None:
    return frame.unusable.get(name) if name not in frame.names else None


def _untyped(origin: ast.expr | None, value: AnyValue) -> ast.expr | None:
    """The expression itself when it is an untyped empty container."""
    if not isinstance(value, (List, Dict)):
        return None
    if isinstance(origin, ast.List) and not origin.elts:
        return origin
    if isinstance(origin, ast.Dict) and not origin.keys:
        return origin
    is_call = isinstance(origin, ast.Call) and isinstance(origin.func, ast.Name) and origin.func.id in ("list", "dict")
    return origin if is_call and isinstance(origin, ast.Call) and not origin.args and not origin.keywords else None


def _invariant(declared: Type, actual: Type) -> bool:
    if isinstance(declared, List) and isinstance(actual, List):
        return is_subtype(actual.element, declared.element)
    if isinstance(declared, Dict) and isinstance(actual, Dict):
        return is_subtype(actual.key, declared.key) and is_subtype(actual.value, declared.value)
    return False
