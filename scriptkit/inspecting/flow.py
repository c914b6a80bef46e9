"""The flow of data through one method: calls of submodules and operators, and which value goes where."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.inspecting.classes import Method

_NO_DATA = {"torch", "ops", "self", "True", "False", "None", "CONSTANTS", "List", "Dict", "Optional", "Tensor"}
_LONGEST = 28


@dataclass
class Node:
    """A box of the picture: `kind` is "input", "output", "module", "operator", "branch" or "loop"."""

    number: int
    kind: str
    label: str
    path: str = ""  # of a module, below the one whose method this is


@dataclass
class Flow:
    """The boxes, and arrows from one to another, each with the name of the value that goes along it."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[tuple[int, int, str]] = field(default_factory=list)

    def node(self, kind: str, label: str, path: str = "") -> int:
        """A box more."""
        self.nodes.append(Node(len(self.nodes), kind, label, path))
        return len(self.nodes) - 1

    def edge(self, source: int, target: int, name: str) -> None:
        """An arrow, once for each value."""
        if source != target and (source, target, name) not in self.edges:
            self.edges.append((source, target, name))


def flow_of(method: Method) -> Flow:
    """The flow of a method, from its arguments to its result."""
    return _Reader(method).flow


class _Reader:
    def __init__(self, method: Method) -> None:
        self.flow = Flow()
        self.made: dict[str, list[tuple[int, str]]] = {}
        self._methods = [method]  # the one that is read, and those that called it
        self._results: list[list[tuple[int, str]]] = []
        for name in _parameters(method):
            self.made[name] = [(self.flow.node("input", name), name)]
        self._statements(_statements(method))

    def _statements(self, statements: list[ast.stmt]) -> None:
        for one in statements:
            self._statement(one)

    def _statement(self, one: ast.stmt) -> None:
        if isinstance(one, (ast.If, ast.For, ast.While)):
            self._block(one)
        elif isinstance(one, ast.Return):
            value = self._value(one.value) if one.value is not None else []
            if self._results:
                self._results[-1] += value
            else:
                self._arrows(value, self.flow.node("output", "result"))
        elif isinstance(one, ast.Assign):
            self._bind(one.targets[0], self._value(one.value))
        elif isinstance(one, ast.AnnAssign) and one.value is not None:
            self._bind(one.target, self._value(one.value))
        elif isinstance(one, ast.Expr):
            self._value(one.value)

    def _block(self, one: ast.If | ast.For | ast.While) -> None:
        """What decides is a box; what happens inside follows it, whichever way a run goes."""
        is_branch = isinstance(one, ast.If)
        asked = one.iter if isinstance(one, ast.For) else one.test
        word = "if" if is_branch else "for" if isinstance(one, ast.For) else "while"
        box = self.flow.node("branch" if is_branch else "loop", _cut(f"{word} {ast.unparse(asked)}"))
        self._arrows(self._names(asked), box)
        if isinstance(one, ast.For):
            self._bind(one.target, [(box, ast.unparse(one.target))])
        before = {name: list(value) for name, value in self.made.items()}
        self._statements(one.body)
        inside = self.made
        self.made = {name: list(value) for name, value in before.items()}
        self._statements(one.orelse)
        for name, value in inside.items():
            known = self.made.setdefault(name, [])
            known += [one for one in value if one not in known]

    def _bind(self, target: ast.expr, value: list[tuple[int, str]]) -> None:
        for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            for name in (n.id for n in ast.walk(part) if isinstance(n, ast.Name)):
                self.made[name] = [(number, name) for number, _ in value]

    def _value(self, value: ast.expr) -> list[tuple[int, str]]:
        """The boxes an expression is made by; a call becomes a box of its own."""
        if isinstance(value, ast.Call):
            path, label = _called(value)
            given = (*value.args, *(keyword.value for keyword in value.keywords))
            arguments = [one for argument in given for one in self._value(argument)]
            if label in _PASSING:
                return arguments
            own = self._methods[-1].owner.methods.get(path)
            if own is not None and own not in self._methods:
                return self._within(own, [self._value(argument) for argument in value.args])
            if not arguments and not path and not label.startswith(("torch.", "ops.")):
                return []
            box = self.flow.node("module" if path else "operator", _cut(label), path)
            self._arrows(arguments, box)
            return [(box, "")]
        if isinstance(value, (ast.Tuple, ast.List)):
            return [one for element in value.elts for one in self._value(element)]
        inner = [one for call in _calls_within(value) for one in self._value(call)]
        return inner + self._names(value)

    def _within(self, method: Method, arguments: list[list[tuple[int, str]]]) -> list[tuple[int, str]]:
        """A method of the same module is no box: what it does is part of the picture."""
        before, self.made = self.made, dict(zip(_parameters(method), arguments, strict=False))
        self._methods.append(method)
        self._results.append([])
        self._statements(_statements(method))
        self._methods.pop()
        self.made = before
        return self._results.pop()

    def _names(self, value: ast.expr) -> list[tuple[int, str]]:
        skipped = {id(n) for call in _calls_within(value) for n in ast.walk(call)}
        names = (n.id for n in ast.walk(value) if isinstance(n, ast.Name) and id(n) not in skipped)
        return [one for name in names if name not in _NO_DATA for one in self.made.get(name, ())]

    def _arrows(self, sources: list[tuple[int, str]], target: int) -> None:
        for number, name in sources:
            self.flow.edge(number, target, name)


_PASSING = {"annotate", "unchecked_cast"}


def _parameters(method: Method) -> list[str]:
    arguments = method.node.args
    return [one.arg for one in (*arguments.args[1:], *arguments.kwonlyargs)]


def _statements(method: Method) -> list[ast.stmt]:
    return [line.node for line in method.lines[1:] if line.node is not None and _is_outermost(line.text)]


def _is_outermost(text: str) -> bool:
    return text.startswith("  ") and not text.startswith("    ")


def _calls_within(value: ast.expr) -> Iterator[ast.Call]:
    """The outermost calls of an expression that is none itself."""
    for child in ast.iter_child_nodes(value):
        if isinstance(child, ast.Call):
            yield child
        elif isinstance(child, ast.expr):
            yield from _calls_within(child)


def _called(call: ast.Call) -> tuple[str, str]:
    """The path of a submodule that is called, and the words for the box."""
    text = ast.unparse(call.func)
    if text.startswith(("self.", "self[")):
        path = text.removeprefix("self").replace("[", ".").replace("]", "").lstrip(".")
        return path, path
    return "", text.removeprefix("torch.nn.functional.")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
