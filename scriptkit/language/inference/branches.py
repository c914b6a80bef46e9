"""`if`: each branch a block of its own, then their variables are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scriptkit.language.inference.conditions import read_condition
from scriptkit.language.inference.frames import Binding, Frame, Missing, TwoTypes, Unusable
from scriptkit.language.problems.modules import ModuleAsValue
from scriptkit.language.types import ANY, UNKNOWN, Type, Union, unify
from scriptkit.language.values import ContainerValue, ModuleValue

if TYPE_CHECKING:
    import ast

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body
    from scriptkit.language.inference.condition import Condition


class _Branch(NamedTuple):
    """One side of an `if` after it has run; `exits` where control never comes out of it."""

    frame: Frame
    exits: bool

    def find(self, name: str) -> Binding | None:
        """A variable as this side leaves it."""
        return None if self.exits else self.frame.find(name)

    def why_unusable(self, name: str) -> Unusable | None:
        """Why a variable that this side leaves cannot be read."""
        return None if self.exits or name in self.frame.names else self.frame.unusable.get(name)


def run_if(body: Body, node: ast.If) -> bool:
    """`if`: both branches, or the one that the compiler takes for certain."""
    test = read_condition(body, node.test)
    if test.static is True:
        body.refine(test.proves_true)
        body.sink.kill(*node.orelse)
        return body.block(node.body)
    if test.static is False:
        body.refine(test.proves_false)
        body.sink.kill(*node.body)
        return body.block(node.orelse)
    if test.static == "unknown":
        return _run_either(body, node, test)
    with body.inner(test.proves_true) as frame:
        true = _Branch(frame, body.block(node.body))
    with body.inner(test.proves_false) as frame:
        false = _Branch(frame, body.block(node.orelse))
    _join(body, node, true, false)
    return true.exits and false.exits


def _run_either(body: Body, node: ast.If, test: Condition) -> bool:
    """A test the compiler decides when it has the instance: either branch may be all there is."""
    before = body.returned
    branches, results = [], []
    for part, proven in ((node.body, test.proves_true), (node.orelse, test.proves_false)):
        body.returned = before
        with body.inner(proven) as frame, body.doubtful(decided_later=True):
            branches.append(_Branch(frame, body.block(part)))
        if body.returned is not None:
            results.append(body.returned)
    body.returned = (results[0] if all(one == results[0] for one in results) else UNKNOWN) if results else None
    true, false = branches
    _merge_leniently(body, true, false)
    if true.exits != false.exits:
        body.may_have_ended()
    return true.exits and false.exits


def _merge_leniently(body: Body, true: _Branch, false: _Branch) -> None:
    for name in {**true.frame.names, **false.frame.names}:
        left, right = true.find(name), false.find(name)
        kept = left or right
        if kept is None:
            continue
        value: AnyValue = UNKNOWN
        if left is not None and right is not None and left.value == right.value:
            value = left.value
        if true.exits or false.exits:
            value = UNKNOWN if kept.refined else kept.value
        body.frame.bind(name, Binding(value, kept.node))


def _join(body: Body, node: ast.AST, true: _Branch, false: _Branch) -> None:
    """What both branches leave of each variable that one of them has touched."""
    if true.exits and false.exits:
        return
    for name in {**true.frame.names, **false.frame.names, **true.frame.unusable, **false.frame.unusable}:
        left, right = true.find(name), false.find(name)
        broken = true.why_unusable(name) or false.why_unusable(name)
        if broken is not None:
            _spoil(body, name, broken)
        elif true.exits or false.exits:
            kept = left or right
            if kept is not None and (name in true.frame.names or name in false.frame.names):
                body.frame.bind(name, kept)
        elif left is None or right is None:
            made = left or right
            where = "true branch" if left is None else "false branch"
            _spoil(body, name, Missing(where, None if made is None else made.node))
        else:
            _join_name(body, node, name, left, right)


def _spoil(body: Body, name: str, why: Unusable) -> None:
    body.frame.names.pop(name, None)
    body.frame.unusable[name] = why


def _join_name(body: Body, node: ast.AST, name: str, left: Binding, right: Binding) -> None:
    if not isinstance(left.value, Type) or not isinstance(right.value, Type):
        _join_sugared(body, node, name, left, right)
        return
    outside = body.frame.find(name)
    full = outside.value if outside is not None and isinstance(outside.value, Type) else None
    to_union = isinstance(full, Union) or full is ANY
    joined = unify(left.value, right.value, to_union=to_union)
    later = right if (getattr(right.node, "lineno", 0) >= getattr(left.node, "lineno", 0)) else left
    if joined is None:
        _spoil(body, name, TwoTypes(left.value, right.value, left.node, right.node))
        return
    body.frame.bind(name, Binding(joined, later.node, left.origin or right.origin))


def _join_sugared(body: Body, node: ast.AST, name: str, left: Binding, right: Binding) -> None:
    if left.value is right.value:
        return
    for side in (left, right):
        if isinstance(side.value, (ModuleValue, ContainerValue)) and not body.unsure_module(side.value):
            body.report(ModuleAsValue(type=side.value, use=f"a value of `{name}`"), side.node or node)
            break
    body.frame.bind(name, Binding(UNKNOWN, right.node))
