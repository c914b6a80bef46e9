"""Random whole modules: typed methods over tensors, numbers, texts and containers, with state, aliases and exceptions.

Every program is meant to compile: each expression has the type that is asked for. What is random is what it does.
"""

from __future__ import annotations

import random

HEADER = """from typing import Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule, export


"""
CHILD = """class Child(BASE):
    seen: List[int]

    def __init__(self) -> None:
        super().__init__()
        self.seen = []
        self.total = 0
        self.register_buffer("held", torch.ones(3))

    def forward(self, x: Tensor, n: int) -> Tensor:
        self.seen.append(n)
        self.total += n
        self.held = self.held + 1
        return x * self.held + len(self.seen)

    def plain(self, n: int) -> int:
        return n * 2 - self.total


def twice(ns: List[int]) -> List[int]:
    made: List[int] = []
    for one in ns:
        made.append(one * 2)
    return made


def same(ns: List[int]) -> List[int]:
    return ns


"""
INIT = """class Model(BASE):
    numbers: List[int]
    names: Dict[str, int]
    tensors: List[Tensor]
    table: Dict[str, Tensor]
    maybe: Optional[int]

    def __init__(self) -> None:
        super().__init__()
        self.numbers = [3, 1, 2]
        self.names = {"a": 1, "b": 2}
        self.tensors = [torch.ones(3), torch.zeros(3)]
        self.table = {"a": torch.ones(3)}
        self.maybe = None
        self.count = 0
        self.rate = 0.5
        self.flag = False
        self.word = "ab"
        self.child = Child()
        self.register_buffer("buffer", torch.zeros(3))

"""
PARAMETERS = {
    "x": "Tensor", "y": "Tensor", "n": "int", "r": "float", "b": "bool", "s": "str", "ns": "List[int]",
    "ts": "List[Tensor]", "d": "Dict[str, int]",
}  # fmt: skip
ATTRIBUTES = {
    "self.numbers": "List[int]", "self.names": "Dict[str, int]", "self.tensors": "List[Tensor]",
    "self.table": "Dict[str, Tensor]", "self.count": "int", "self.rate": "float", "self.flag": "bool",
    "self.word": "str", "self.buffer": "Tensor", "self.child.total": "int", "self.child.held": "Tensor",
    "self.child.seen": "List[int]",
}  # fmt: skip
_READ_ONLY = ("self.child.total", "self.child.held", "self.child.seen")
TYPES = ("Tensor", "int", "float", "bool", "str", "List[int]", "List[Tensor]", "Dict[str, int]", "Dict[str, Tensor]")
_ELEMENTS = {"List[int]": "int", "List[Tensor]": "Tensor", "Dict[str, int]": "int", "Dict[str, Tensor]": "Tensor"}


class Program:
    """Writes one random module."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not for secrets
        self.names: dict[str, str] = {}
        self.lines: list[str] = []
        self.fresh = 0
        self.loops = 0

    def text(self, base: str = "ScriptableModule") -> str:
        """The whole file."""
        returned = self.random.sample(TYPES, self.random.randint(1, 3))
        kind = returned[0] if len(returned) == 1 else f"Tuple[{', '.join(returned)}]"
        shown = ", ".join(f"{name}: {type_}" for name, type_ in PARAMETERS.items())
        self.names = PARAMETERS | ATTRIBUTES
        if self.random.random() < 0.7:  # noqa: PLR2004 - else it may change its arguments, and runs as Python
            for copied in ("ns = ns[:]", "ts = ts[:]", "d = d.copy()"):
                self.line(2, copied)
        self.block(2, self.random.randint(3, 8), 0)
        self.lines.append(f"        return {', '.join(self.expression(type_, 2) for type_ in returned)}")
        body = "\n".join(self.lines)
        return HEADER + (CHILD + INIT).replace("BASE", base) + f"    def forward(self, {shown}) -> {kind}:\n{body}\n"

    def one_of(self, *choices: str) -> str:
        """One of several texts."""
        return self.random.choice(choices)

    def line(self, depth: int, text: str) -> None:
        """One more line."""
        self.lines.append("    " * depth + text)

    # -- statements ----------------------------------------------------------------
    def block(self, depth: int, count: int, nesting: int) -> None:
        """Some statements; names first bound in here are forgotten afterwards."""
        before = dict(self.names)
        if nesting > 0:
            self.line(depth, "pass")
        for _ in range(count):
            choices = [self.new, self.new, self.assign, self.assign, self.change, self.change, self.change, self.alias]
            if nesting < 3:  # noqa: PLR2004 - deep enough
                choices += [self.branch, self.branch, self.loop, self.loop, self.failing]
            self.random.choice(choices)(depth, nesting)
        self.names = before

    def new(self, depth: int, _nesting: int) -> None:
        """A new variable."""
        self.fresh += 1
        name, type_ = f"v{self.fresh}", self.random.choice(TYPES)
        self.line(depth, f"{name}: {type_} = {self.expression(type_, 2)}")
        self.names[name] = type_

    def assign(self, depth: int, _nesting: int) -> None:
        """A variable, parameter or attribute gets another value."""
        name, type_ = self.random.choice([item for item in self.names.items() if item[0] not in _READ_ONLY])
        if type_ in ("int", "float", "str", "Tensor") and self.random.random() < 0.4:  # noqa: PLR2004
            operator = {"str": "+="}.get(type_) or self.one_of("+=", "-=", "*=")
            self.line(depth, f"{name} {operator} {self.expression(type_, 1)}")
        else:
            self.line(depth, f"{name} = {self.expression(type_, 2)}")

    def alias(self, depth: int, _nesting: int) -> None:
        """A second name for a value."""
        self.fresh += 1
        name, type_ = self.random.choice([item for item in self.names.items() if "[" in item[1] or item[1] == "Tensor"])
        self.line(depth, f"v{self.fresh} = {name}")
        self.names[f"v{self.fresh}"] = type_

    def change(self, depth: int, _nesting: int) -> None:
        """A container or tensor changes in place."""
        name, type_ = self.random.choice([item for item in self.names.items() if "[" in item[1] or item[1] == "Tensor"])
        if type_ == "Tensor":
            self.line(depth, self.one_of(
                f"{name}.add_({self.expression('float', 1)})", f"{name}[{self.index()}] = {self.expression('float', 1)}",
                f"{name}.mul_(2)", f"{name}[1:] += 1", f"{name}.copy_({self.expression('Tensor', 1)})",
            ))  # fmt: skip
        elif type_.startswith("List"):
            value = self.expression(_ELEMENTS[type_], 1)
            forms = [f"{name}.append({value})", f"{name}.append({value})", f"{name}.insert({self.index()}, {value})",
                     f"{name}.pop()", f"{name}.clear()", f"{name}.reverse()", f"{name}.extend({self.of(type_)})",
                     f"{name}[{self.index()}] = {value}", f"{name} += [{value}]", f"{name} += {self.of(type_)}"]  # fmt: skip
            if type_ == "List[int]":
                forms += [f"{name}.sort()", f"{name}.remove({value})", f"{name}.pop({self.index()})"]
            self.line(depth, self.random.choice(forms))
        else:
            value = self.expression(_ELEMENTS[type_], 1)
            self.line(depth, self.one_of(
                f"{name}[{self.key()}] = {value}", f"{name}.pop({self.key()})", f"{name}.update({self.of(type_)})",
                f"{name}.clear()", f"{name}.setdefault({self.key()}, {value})", f"del {name}[{self.key()}]",
            ))  # fmt: skip

    def branch(self, depth: int, nesting: int) -> None:
        """An `if`."""
        self.line(depth, f"if {self.expression('bool', 2)}:")
        self.block(depth + 1, self.random.randint(1, 3), nesting + 1)
        if self.random.random() < 0.5:  # noqa: PLR2004
            self.line(depth, "else:")
            self.block(depth + 1, self.random.randint(1, 3), nesting + 1)

    def loop(self, depth: int, nesting: int) -> None:
        """A loop over a range, a list or a condition."""
        before = dict(self.names)
        self.fresh += 1
        name = f"i{self.fresh}"
        kind = self.random.randrange(4)
        if kind == 0:
            self.line(depth, f"for {name} in range({self.random.randint(0, 4)}):")
            self.names[name] = "int"
        elif kind == 1:
            self.line(depth, f"for {name} in {self.of('List[int]')}[:5]:")
            self.names[name] = "int"
        elif kind == 2:  # noqa: PLR2004
            self.line(depth, f"for {name}, t{self.fresh} in enumerate({self.of('List[Tensor]')}[:4]):")
            self.names |= {name: "int", f"t{self.fresh}": "Tensor"}
        else:
            self.line(depth, f"{name} = 0")
            self.line(depth, f"while {name} < {self.random.randint(1, 4)}:")
            self.line(depth + 1, f"{name} += 1")
        self.block(depth + 1, self.random.randint(1, 3), nesting + 1)
        if self.random.random() < 0.2:  # noqa: PLR2004
            self.line(depth + 1, f"if {self.expression('bool', 1)}:")
            self.line(depth + 2, self.one_of("break", "continue"))
        self.names = before

    def failing(self, depth: int, _nesting: int) -> None:
        """Something that may raise."""
        if self.random.random() < 0.7:  # noqa: PLR2004
            return
        self.line(depth, f"if {self.expression('bool', 1)}:")
        self.line(depth + 1, self.one_of("raise ValueError('no')", "raise RuntimeError('never')", "assert n > 100, 'low'"))

    # -- expressions ---------------------------------------------------------------
    def of(self, type_: str) -> str:
        """A name of a type."""
        return self.random.choice([name for name, known in self.names.items() if known == type_])

    def index(self) -> str:
        """An index that is mostly there."""
        return self.one_of("0", "-1", "1", "0", "2")

    def key(self) -> str:
        """A key that is mostly there."""
        return self.one_of("'a'", "'a'", "'b'", "'c'", "s")

    def expression(self, type_: str, depth: int) -> str:
        """An expression of a type."""
        if depth <= 0 or self.random.random() < 0.25:  # noqa: PLR2004
            return self.of(type_)
        e = lambda wanted: self.expression(wanted, depth - 1)  # noqa: E731 - many times below
        forms = {
            "Tensor": lambda: [f"({e('Tensor')} + {e('Tensor')})", f"({e('Tensor')} * {e('float')})", "torch.zeros(3)",
                               f"{self.of('List[Tensor]')}[{self.index()}]", f"{self.of('Dict[str, Tensor]')}['a']",
                               f"self.child({e('Tensor')}, {e('int')})", f"{e('Tensor')}.clone()", f"({e('Tensor')} - {e('int')})",
                               f"torch.where({e('Tensor')} > 0, {e('Tensor')}, {e('Tensor')})", f"{e('Tensor')}.flip(0)"],
            "int": lambda: [f"({e('int')} + {e('int')})", f"({e('int')} * {self.random.randint(-3, 3)})", f"len({e('List[int]')})",
                            f"{self.of('List[int]')}[{self.index()}]", f"{self.of('Dict[str, int]')}[{self.key()}]", str(self.random.randint(-5, 9)),
                            f"({e('int')} // {e('int')})", f"({e('int')} % {e('int')})", f"int({e('float')})", f"len({e('str')})",
                            f"max({e('int')}, {e('int')})", f"min({e('int')}, {e('int')})", f"abs({e('int')})", f"sum({e('List[int]')})",
                            f"{self.of('List[int]')}.count({e('int')})", f"int({e('bool')})", f"self.child.plain({e('int')})",
                            f"({e('int')} if {e('bool')} else {e('int')})", f"{self.of('List[int]')}.index({e('int')})", f"{e('Tensor')}.size(0)",
                            f"({e('int')} - {e('int')})", f"{self.of('List[int]')}.pop()", f"{self.of('Dict[str, int]')}.get('a', {e('int')})"],
            "float": lambda: [f"({e('float')} + {e('float')})", f"({e('float')} * 0.5)", f"({e('int')} / {e('int')})", f"float({e('int')})",
                              f"float({e('Tensor')}.sum())", str(self.random.choice((0.25, -1.5, 2.0))), f"max({e('float')}, {e('float')})",
                              f"({e('float')} - {e('int')})", f"abs({e('float')})", f"({e('float')} // 0.5)", f"-({e('float')})"],
            "bool": lambda: [f"({e('int')} > {e('int')})", f"({e('float')} <= {e('float')})", f"(not {e('bool')})", f"({e('bool')} and {e('bool')})",
                             f"({e('bool')} or {e('bool')})", f"bool({e('Tensor')}.sum() > 0)", f"({e('int')} in {e('List[int]')})",
                             f"({self.key()} in {self.of('Dict[str, int]')})", f"({e('str')} == {e('str')})", f"({e('List[int]')} == {e('List[int]')})",
                             "self.training", f"({e('str')} in {e('str')})"],
            "str": lambda: [f"({e('str')} + {e('str')})", self.one_of("'ab'", "'x y'", "''", "'Cc'"), f"str({e('int')})", f"{e('str')}.upper()",
                            f"{e('str')}[:2]", f"'{{}}-{{}}'.format({e('int')}, {e('str')})", f"{e('str')}.replace('a', 'bb')", f"{e('str')}.strip()",
                            f"','.join([{e('str')}, {e('str')}])"],
            "List[int]": lambda: [f"[{e('int')}, {e('int')}]", f"({e('List[int]')} + {e('List[int]')})", f"{e('List[int]')}[1:]", f"sorted({e('List[int]')})",
                                  f"[one + 1 for one in {e('List[int]')}]", f"twice({e('List[int]')})", f"same({self.of('List[int]')})",
                                  f"list(range({self.random.randint(0, 4)}))", f"({e('List[int]')} * 2)", f"list({e('Dict[str, int]')}.values())",
                                  f"{e('List[int]')}[::-1]", f"list({e('List[int]')})"],
            "List[Tensor]": lambda: [f"[{e('Tensor')}]", f"[{e('Tensor')}, {e('Tensor')}]", f"{e('List[Tensor]')}[:2]", f"({e('List[Tensor]')} + {e('List[Tensor]')})",
                                     f"[one * 2 for one in {e('List[Tensor]')}]", f"list({e('Dict[str, Tensor]')}.values())"],
            "Dict[str, int]": lambda: [f"{{'a': {e('int')}}}", f"{{'a': {e('int')}, {e('str')}: {e('int')}}}", f"{e('Dict[str, int]')}.copy()"],
            "Dict[str, Tensor]": lambda: [f"{{'a': {e('Tensor')}}}", f"{e('Dict[str, Tensor]')}.copy()"],
        }  # fmt: skip
        return self.random.choice(forms[type_]())
