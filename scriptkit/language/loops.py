"""Loops: a block of their own, or unrolled over tuples and module containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.frames import Binding, Frame, Unusable
from scriptkit.language.types import (
    UNKNOWN,
    Type,
)

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from scriptkit.language.values import AnyValue, Iteration
from scriptkit.language.branches import Branches


class Loops(Branches):
    """The part of the pass that loops."""

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

    def _run_break(self, node: ast.Break) -> bool:
        return self._leave(node, "break")

    def _run_continue(self, node: ast.Continue) -> bool:
        return self._leave(node, "continue")

    def _leave(self, node: ast.stmt, word: str) -> bool:
        if self.unrolled > 0:
            self.report("break-in-unrolled-loop", node, word=word, iterable="")
        return False


def _state(value: AnyValue) -> object:
    return value if isinstance(value, Type) else id(value)
