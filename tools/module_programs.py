"""Random whole modules: typed methods over tensors, numbers, texts and containers, with state, aliases and exceptions.

Every program is meant to compile: each expression has the type that is asked for. What is random is what it does.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = """from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule, export


"""
CHILD = """class Pair(NamedTuple):
    number: int
    tensor: Tensor


class Layer(BASE):
    def __init__(self, by: int) -> None:
        super().__init__()
        self.by = by
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x + self.by

    def other(self, x: Tensor) -> Tensor:
        return x.mul_(2)


class Child(BASE):
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


def pushed(ns: List[int], n: int) -> int:
    if len(ns) < 40:
        ns.append(n)
    return len(ns)


def moved(x: Tensor, ns: List[int]) -> Tensor:
    for one in ns[:3]:
        x = x + one
    return x


def first_over(ns: List[int], n: int) -> int:
    for index, one in enumerate(ns):
        if one > n:
            return index
    return -1


def swapped(pair: Tuple[int, Tensor]) -> Pair:
    number, tensor = pair
    tensor.add_(1)
    return Pair(number + 1, tensor)


"""
INIT = """class Parent(BASE):
    def scaled(self, x: Tensor, n: int) -> Tensor:
        return x * n

    def told(self, ns: List[int], n: int = 2) -> Tuple[int, List[int]]:
        while len(ns) > n:
            ns = ns[1:]
        return len(ns), ns


class Model(Parent):
    numbers: List[int]
    names: Dict[str, int]
    tensors: List[Tensor]
    table: Dict[str, Tensor]
    maybe: Optional[int]
    rows: List[List[int]]
    groups: Dict[str, List[int]]

    def __init__(self) -> None:
        super().__init__()
        self.numbers = [3, 1, 2]
        self.names = {"a": 1, "b": 2}
        self.tensors = [torch.ones(3), torch.zeros(3)]
        self.table = {"a": torch.ones(3)}
        self.maybe = None
        self.rows = [[1, 2], [3]]
        self.groups = {"a": [4, 5]}
        self.count = 0
        self.rate = 0.5
        self.flag = False
        self.word = "ab"
        self.child = Child()
        self.layers = nn.ModuleList([Layer(1), Layer(2)])
        self.register_buffer("buffer", torch.zeros(3))

    def scaled(self, x: Tensor, n: int) -> Tensor:
        x = super().scaled(x, n)
        if n > 2:
            return x.add_(1)
        for layer in self.layers:
            x = layer(x)
        return x

"""
PARAMETERS = {
    "x": "Tensor", "y": "Tensor", "n": "int", "r": "float", "b": "bool", "s": "str", "ns": "List[int]",
    "ts": "List[Tensor]", "d": "Dict[str, int]",
}  # fmt: skip
ATTRIBUTES = {
    "self.numbers": "List[int]", "self.names": "Dict[str, int]", "self.tensors": "List[Tensor]",
    "self.table": "Dict[str, Tensor]", "self.count": "int", "self.rate": "float", "self.flag": "bool",
    "self.word": "str", "self.buffer": "Tensor", "self.rows": "List[List[int]]",
    "self.groups": "Dict[str, List[int]]", "self.child.total": "int", "self.child.held": "Tensor",
    "self.child.seen": "List[int]",
}  # fmt: skip
_READ_ONLY = ("self.child.total", "self.child.held", "self.child.seen")
TYPES = (
    "Tensor",
    "int",
    "float",
    "bool",
    "str",
    "List[int]",
    "List[Tensor]",
    "Dict[str, int]",
    "Dict[str, Tensor]",
    "List[List[int]]",
    "Dict[str, List[int]]",
)
_SHORT = {
    "t": "Tensor", "i": "int", "f": "float", "b": "bool", "s": "str", "l": "List[int]", "ts": "List[Tensor]",
    "d": "Dict[str, int]", "dt": "Dict[str, Tensor]", "ll": "List[List[int]]", "dl": "Dict[str, List[int]]",
}  # fmt: skip
_HOLE = re.compile(r"<(?P<what>\w+)>")
FORMS = {type_: text.replace("\n", "|").strip(" |").split("|") for type_, text in {
    "Tensor": """(<t> + <t>) | (<t> * <f>) | torch.zeros(3) | <TS>[<index>] | <DT>['a']
        self.child(<t>, <i>) | <t>.clone() | moved(<t>, <l>) | self.scaled(<t>, <i>) | swapped((<i>, <T>)).tensor
        (<T>[:2].sum() + <t>) | <T>.view(3) | Pair(<i>, <t>).tensor
        (<t> - <i>) | torch.where(<t> > 0, <t>, <t>) | <t>.flip(0) | torch.stack([<t>, <t>]).sum(0) | <t>.abs()""",
    "int": """(<i> + <i>) | (<i> * <number>) | len(<l>) | <L>[<index>] | <D>[<key>] | <number> | (<i> // <i>)
        (<i> % <i>)
        int(<f>) | len(<s>) | max(<i>, <i>) | min(<i>, <i>) | abs(<i>) | sum(<l>) | <L>.count(<i>) | int(<b>)
        self.child.plain(<i>) | (<i> if <b> else <i>) | <L>.index(<i>) | <t>.size(0) | (<i> - <i>) | <L>.pop()
        <D>.get('a', <i>) | max(<L>) | len(<DT>) | <s>.count(<s>) | <s>.find(<s>) | (<i> & <i>) | (<i> ^ <i>)
        -(<i>) | pushed(<L>, <i>) | first_over(<l>, <i>) | self.told(<L>)[0] | swapped((<i>, <t>)).number
        len([one for one in <d>])""",
    "float": """(<f> + <f>) | (<f> * 0.5) | (<i> / <i>) | float(<i>) | float(<t>.sum()) | 0.25 | -1.5 | max(<f>, <f>)
        (<f> - <i>) | abs(<f>) | (<f> // 0.5) | -(<f>) | (<f> % <f>) | (<f> / <f>) | min(<f>, <f>) | float(<b>)""",
    "bool": """(<i> > <i>) | (<f> <= <f>) | (not <b>) | (<b> and <b>) | (<b> or <b>) | bool(<t>.sum() > 0)
        (<i> in <l>)
        (<key> in <D>) | (<s> == <s>) | (<l> == <l>) | self.training | (<s> in <s>) | (<i> == <f>) | (<b> != <b>)
        <s>.startswith(<s>) | (<s> < <s>) | bool(<i>) | (0 < <i> < 5)""",
    "str": """(<s> + <s>) | <text> | str(<i>) | <s>.upper() | <s>[:2] | '{}-{}'.format(<i>, <s>)
        <s>.replace('a', 'bb')
        <s>.strip() | ','.join([<s>, <s>]) | (<s> if <b> else <s>) | <s>.lower() | f'{<I>}{<S>}'
        <s>.replace(<s>, <s>)""",
    "List[int]": """[<i>, <i>] | (<l> + <l>) | <l>[1:] | sorted(<l>) | [one + 1 for one in <l>] | twice(<l>) | same(<L>)
        list(range(4)) | (<l> * 2) | list(<d>.values()) | <l>[::-1] | list(<l>) | (<l> if <b> else <l>) | <l>[-2:]
        <LL>[<index>] | <DL>['a'] | <LL>[<index>] | self.told(<L>, 1)[1] | [r + n for r, n in zip(<l>, <l>)]
        [len(one) for one in <s>.split('b')]""",
    "List[Tensor]": """[<t>] | [<t>, <t>] | <ts>[:2] | (<ts> + <ts>) | [one * 2 for one in <ts>] | list(<dt>.values())
        list(<ts>)""",
    "Dict[str, int]": "{'a': <i>} | {'a': <i>, <s>: <i>} | <d>.copy() | dict(<d>)",
    "Dict[str, Tensor]": "{'a': <t>} | <dt>.copy()",
    "List[List[int]]": """[<l>, <l>] | <ll>[:2] | (<ll> + <ll>) | [one + [1] for one in <ll>] | [<L>]
        list(<dl>.values())""",
    "Dict[str, List[int]]": "{'a': <l>} | {'a': <L>, <s>: <L>} | <dl>.copy()",
}.items()}  # fmt: skip
_ELEMENTS = {
    "List[List[int]]": "List[int]",
    "Dict[str, List[int]]": "List[int]",
    "List[int]": "int",
    "List[Tensor]": "Tensor",
    "Dict[str, int]": "int",
    "Dict[str, Tensor]": "Tensor",
}


class Program:
    """Writes one random module."""

    def __init__(self, seed: int, *, keeps_state: bool = True) -> None:
        """With `keeps_state`, methods write to the module."""
        self.random = random.Random(seed)  # noqa: S311 - not for secrets
        self.names: dict[str, str] = {}
        self.lines: list[str] = []
        self.fresh = 0
        self.keeps_state = keeps_state

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
            choices: list[Callable[[int, int], None]] = [self.new, self.new, self.assign, self.assign, self.alias]
            choices += [self.change, self.change, self.change, self.exchange, self.maybe]
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
        name, type_ = self.random.choice([item for item in self.written() if item[0] not in _READ_ONLY])
        if type_ in ("int", "float", "str", "Tensor") and self.random.random() < 0.4:  # noqa: PLR2004
            operator = "+=" if type_ == "str" else self.one_of("+=", "-=", "*=")
            self.line(depth, f"{name} {operator} {self.expression(type_, 1)}{'[:3]' if type_ == 'str' else ''}")
        else:
            self.line(depth, f"{name} = {self.expression(type_, 2)}")

    def written(self) -> list[tuple[str, str]]:
        """The names that may get another value, or change in place."""
        return [item for item in self.names.items() if self.keeps_state or not item[0].startswith("self.")]

    def alias(self, depth: int, _nesting: int) -> None:
        """A second name for a value."""
        self.fresh += 1
        name, type_ = self.random.choice([item for item in self.written() if "[" in item[1] or item[1] == "Tensor"])
        self.line(depth, f"v{self.fresh} = {name}")
        self.names[f"v{self.fresh}"] = type_

    def change(self, depth: int, _nesting: int) -> None:
        """A container or tensor changes in place."""
        name, type_ = self.random.choice([item for item in self.written() if "[" in item[1] or item[1] == "Tensor"])
        if type_ == "Tensor":
            self.line(depth, self.one_of(
                f"{name}.add_({self.expression('float', 1)})", f"{name}.mul_(2)",
                f"{name}[{self.index()}] = {self.expression('float', 1)}", f"{name}[1:] += 1",
                f"{name}.copy_({self.expression('Tensor', 1)})",
            ))  # fmt: skip
        elif type_.startswith("List"):
            value = self.expression(_ELEMENTS[type_], 1)
            forms = [f"{name}.append({value})", f"{name}.append({value})", f"{name}.insert({self.index()}, {value})",
                     f"{name}.pop()", f"{name}.clear()", f"{name}.reverse()", f"{name}.extend({self.of(type_)})",
                     f"{name}[{self.index()}] = {value}", f"{name} += [{value}]",
                     f"{name} += {self.of(type_)}"]  # fmt: skip
            if type_ == "List[int]":
                forms += [f"{name}.sort()", f"{name}.remove({value})", f"{name}.pop({self.index()})"]
            form = self.random.choice(forms)
            if " += " in form or "extend" in form:  # what doubles itself in a loop has no end
                self.line(depth, f"if len({name}) < 40:")
                depth += 1
            self.line(depth, form)
        else:
            value = self.expression(_ELEMENTS[type_], 1)
            self.line(depth, self.one_of(
                f"{name}[{self.key()}] = {value}", f"{name}.pop({self.key()})", f"{name}.update({self.of(type_)})",
                f"{name}.clear()", f"{name}.setdefault({self.key()}, {value})", f"del {name}[{self.key()}]",
            ))  # fmt: skip

    def exchange(self, depth: int, _nesting: int) -> None:
        """Two names exchange what they hold, or get the parts of a tuple."""
        type_ = self.random.choice(("Tensor", "int", "List[int]", "str"))
        one, other = (
            self.random.choice([n for n, t in self.written() if t == type_ and n not in _READ_ONLY]) for _ in "ab"
        )
        value = self.one_of(f"{other}, {one}", f"{self.expression(type_, 1)}, {one}")
        if one != other:
            self.line(depth, f"{one}, {other} = {value}")

    def maybe(self, depth: int, nesting: int) -> None:
        """An `Optional`: written, or read behind a test."""
        if self.keeps_state and self.random.random() < 0.5:  # noqa: PLR2004
            self.line(depth, f"self.maybe = {self.one_of('None', self.expression('int', 1))}")
            return
        self.fresh += 1
        name, held = (
            f"m{self.fresh}",
            self.one_of("self.maybe", f"({self.expression('int', 1)} if {self.expression('bool', 1)} else None)"),
        )
        self.line(depth, f"{name}: Optional[int] = {held}")
        self.line(depth, f"if {name} is not None:")
        before = dict(self.names)
        self.names[name] = "int"
        self.block(depth + 1, 1, nesting + 1)
        self.names = before

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
        kind = self.random.randrange(7)
        if kind == 0:
            self.line(depth, f"for {name} in range({self.random.randint(0, 4)}):")
            self.names[name] = "int"
        elif kind == 1:
            self.line(depth, f"for {name} in {self.of('List[int]')}[:5]:")
            self.names[name] = "int"
        elif kind == 2:  # noqa: PLR2004
            self.line(depth, f"for {name}, t{self.fresh} in enumerate({self.of('List[Tensor]')}[:4]):")
            self.names |= {name: "int", f"t{self.fresh}": "Tensor"}
        elif kind == 4:  # noqa: PLR2004
            self.line(depth, f"for {name}, j{self.fresh} in zip({self.of('List[int]')}[:4], {self.of('List[int]')}):")
            self.names |= {name: "int", f"j{self.fresh}": "int"}
        elif kind == 5:  # noqa: PLR2004
            self.line(depth, f"for {name}, j{self.fresh} in {self.of('Dict[str, int]')}.copy().items():")
            self.names |= {name: "str", f"j{self.fresh}": "int"}
        elif kind == 6 and self.keeps_state:  # noqa: PLR2004
            held = self.random.choice(
                [one for one, type_ in self.names.items() if type_ == "Tensor" and "." not in one]
            )
            self.line(depth, f"for {name} in self.layers:")
            self.line(depth + 1, f"{held} = {name}{self.one_of('', '.other')}({held})")
        else:
            self.line(depth, f"{name} = 0")
            self.line(depth, f"while {name} < {self.random.randint(1, 4)}:")
            self.line(depth + 1, f"{name} += 1")
        self.block(depth + 1, self.random.randint(1, 3), nesting + 1)
        if kind != 6 and self.random.random() < 0.2:  # noqa: PLR2004 - one over modules is unrolled
            self.line(depth + 1, f"if {self.expression('bool', 1)}:")
            self.line(depth + 2, self.one_of("break", "continue"))
        self.names = before

    def failing(self, depth: int, _nesting: int) -> None:
        """Something that may raise."""
        if self.random.random() < 0.7:  # noqa: PLR2004
            return
        self.line(depth, f"if {self.expression('bool', 1)}:")
        raising = ("raise ValueError('no')", "raise RuntimeError('never')", "assert n > 100, 'low'")
        self.line(depth + 1, self.one_of(*raising))

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
        forms = [
            form for form in FORMS[type_] if self.keeps_state or ("pop()" not in form and "self.child(" not in form)
        ]
        form = self.random.choice(forms).strip()
        return _HOLE.sub(lambda hole: self.filled(hole["what"], depth - 1), form)

    def filled(self, what: str, depth: int) -> str:
        """What stands in a hole of a form."""
        if what == "index":
            return self.index()
        if what == "key":
            return self.key()
        if what == "number":
            return str(self.random.randint(-4, 9))
        if what == "text":
            return self.one_of("'ab'", "'x y'", "''", "'Cc'")
        type_ = _SHORT.get(what.lower(), "")
        return self.of(type_) if what[0].isupper() else self.expression(type_, depth)
