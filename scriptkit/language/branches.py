"""`if`: each branch a block of its own, then their variables are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.frames import Binding, Frame, Unusable
from scriptkit.language.types import (
    ANY,
    UNKNOWN,
    Type,
    Union,
    unify,
)
from scriptkit.language.values import ContainerValue, ModuleValue

if TYPE_CHECKING:
    import ast

    from scriptkit.language.body import Condition
    from scriptkit.language.values import AnyValue
from scriptkit.language.assignments import Assignments


class Branches(Assignments):
    """The part of the pass that branches."""

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

    maybe_exited = False


def _broken(frame: Frame, name: str) -> Unusable | None:
    return frame.unusable.get(name) if name not in frame.names else None
