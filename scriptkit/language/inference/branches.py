"""`if`: each branch a block of its own, then their variables are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.inference.conditions import Condition, read_condition
from scriptkit.language.inference.frames import Binding, Frame, Unusable
from scriptkit.language.problems.modules import ModuleAsValue
from scriptkit.language.types import ANY, UNKNOWN, Type, Union, unify
from scriptkit.language.values import ContainerValue, ModuleValue

if TYPE_CHECKING:
    import ast

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.inference.body import Body


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
    with body.inner(test.proves_true) as true:
        true_exits = body.block(node.body)
    with body.inner(test.proves_false) as false:
        false_exits = body.block(node.orelse)
    _join(body, node, true, false, true_exits, false_exits)
    return true_exits and false_exits


def _run_either(body: Body, node: ast.If, test: Condition) -> bool:
    """A test the compiler decides when it has the instance: either branch may be all there is."""
    exits = []
    frames = []
    returned = body.returned
    for branch, proven in ((node.body, test.proves_true), (node.orelse, test.proves_false)):
        body.returned = returned
        with body.inner(proven) as frame, body.doubtful():
            exits.append(body.block(branch))
        frames.append((frame, exits[-1], body.returned))
    results = [r for _, _, r in frames if r is not None]
    body.returned = (results[0] if results and all(r == results[0] for r in results) else UNKNOWN) if results else None
    _merge_leniently(body, frames[0][0], frames[1][0], *exits)
    if exits[0] != exits[1]:
        body.maybe_exited = True
        body.uncertain += 1
    return exits[0] and exits[1]


def _merge_leniently(body: Body, true: Frame, false: Frame, true_exits: bool, false_exits: bool) -> None:  # noqa: FBT001
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
        body.frame.bind(name, Binding(value, kept.node if kept else None))


def _join(body: Body, node: ast.AST, true: Frame, false: Frame, true_exits: bool, false_exits: bool) -> None:  # noqa: FBT001
    if true_exits and false_exits:
        return
    for name in {**true.names, **false.names, **true.unusable, **false.unusable}:
        left = None if true_exits else true.find(name)
        right = None if false_exits else false.find(name)
        broken = (None if true_exits else _broken(true, name)) or (None if false_exits else _broken(false, name))
        if broken is not None:
            _spoil(body, name, broken)
        elif true_exits or false_exits:
            kept = left or right
            if kept is not None and (name in true.names or name in false.names):
                body.frame.bind(name, kept)
        elif left is None or right is None:
            where = "true branch" if left is None else "false branch"
            made = (left or right or Binding(UNKNOWN)).node
            _spoil(body, name, Unusable("missing", where, true_node=made, block=node))
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
        why = Unusable("types", "", left.value, right.value, left.node, right.node, node)
        _spoil(body, name, why)
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


def _broken(frame: Frame, name: str) -> Unusable | None:
    return frame.unusable.get(name) if name not in frame.names else None
