"""Compare the typing pass with the compiler on random programs: `python -m tools.fuzz_language [--count N] [--seed S]`.

Programs come from a small grammar of TorchScript-like methods: most expressions are made to have a type that is asked
for, some are made at random. A program the compiler refuses and the pass accepts is a miss; the other way round it is a
false alarm.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import itertools
import random
import runpy
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.language import analyze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADER = """import math
from typing import Dict, Final, List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

"""
INIT = """
class Model(nn.Module):
    maybe: Optional[Tensor]
    limit: Final[int]

    def __init__(self) -> None:
        super().__init__()
        self.maybe = torch.ones(2)
        self.limit = 1
        self.count = 2
        self.rate = 0.5
        self.flag = True
        self.fc = nn.Linear(2, 2)
        self.layers = nn.ModuleList([nn.Linear(2, 2), nn.ReLU()])
        self.register_buffer("table", torch.ones(2))

    def scale(self, x: Tensor, by: float) -> Tensor:
        return x * by

    def plain(self, x):
        return x + 1

"""
TYPES = ("Tensor", "int", "float", "bool", "str", "Optional[Tensor]", "Optional[int]", "List[int]", "List[float]",
         "List[Tensor]", "Dict[str, Tensor]", "Tuple[Tensor, int]", "Tuple[int, int]")  # fmt: skip
WEIGHTS = (8, 5, 4, 3, 2, 3, 2, 3, 2, 3, 2, 2, 2)
PARAMETERS = {
    "x": "Tensor", "n": "int", "r": "float", "b": "bool", "s": "str", "m": "Optional[Tensor]", "k": "Optional[int]",
    "xs": "List[Tensor]", "ns": "List[int]", "d": "Dict[str, Tensor]", "p": "Tuple[Tensor, int]",
}  # fmt: skip
NOISE = 0.04


@dataclass
class Verdict:
    """What both say of one program."""

    text: str
    compiler: str
    problems: list[str]

    @property
    def agree(self) -> bool:
        """Both accept or both refuse."""
        return bool(self.compiler) == bool(self.problems)


class Program:
    """Writes one random method."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not for secrets
        self.names: dict[str, str] = dict(PARAMETERS)
        self.lines: list[str] = []
        self.fresh = 0

    def text(self) -> str:
        """The whole module."""
        wanted = self.pick_type()
        returns = self.random.choice((f" -> {wanted}", f" -> {wanted}", ""))
        shown = ", ".join(f"{name}: {kind}" for name, kind in PARAMETERS.items())
        self.block(2, self.random.randint(2, 5), 0)
        self.lines.append(f"        return {self.expression(wanted, 2)}")
        return HEADER + INIT + f"    def forward(self, {shown}){returns}:\n" + "\n".join(self.lines) + "\n"

    def pick_type(self) -> str:
        """A type, the common ones more often."""
        return self.random.choices(TYPES, WEIGHTS)[0]

    def line(self, depth: int, text: str) -> None:
        """One more line."""
        self.lines.append("    " * depth + text)

    # -- statements ----------------------------------------------------------------
    def block(self, depth: int, count: int, nesting: int) -> None:
        """Some statements; names first bound in here are forgotten afterwards, now and then not."""
        before = dict(self.names)
        for _ in range(count):
            choices: list[Callable[[int, int], None]] = [
                self.assign,
                self.assign,
                self.annotate,
                self.augment,
                self.mutate,
            ]
            if nesting < 2:  # noqa: PLR2004
                choices += [self.branch, self.branch, self.refined, self.loop, self.layer_loop, self.unpack]
            self.random.choice(choices)(depth, nesting)
        if nesting and self.random.random() > NOISE * 2:
            self.names = {name: kind for name, kind in self.names.items() if name in before}

    def new_name(self) -> str:
        """A new local name."""
        self.fresh += 1
        return f"v{self.fresh}"

    def assign(self, depth: int, _nesting: int) -> None:
        """`name = value`, new or not."""
        if self.random.random() < 0.5:  # noqa: PLR2004
            kind = self.pick_type()
            name = self.new_name()
        else:
            name, kind = self.random.choice(list(self.names.items()))
            if self.random.random() < NOISE * 2:
                kind = self.pick_type()
        value = self.expression(kind, 2)
        if kind.startswith("Optional") and name not in self.names:
            kind = "Optional[Tensor]" if kind == "Optional[Tensor]" else kind
        self.line(depth, f"{name} = {value}")
        self.names[name] = kind

    def annotate(self, depth: int, _nesting: int) -> None:
        """`name: T = value`."""
        kind, name = self.pick_type(), self.new_name()
        self.line(depth, f"{name}: {kind} = {self.expression(kind, 2)}")
        self.names[name] = kind

    def augment(self, depth: int, _nesting: int) -> None:
        """`name += value`."""
        kind = self.random.choice(("Tensor", "int", "float", "List[Tensor]"))
        name = self.name_of(kind)
        sign = "+=" if kind.startswith("List") else self.random.choice(("+=", "-=", "*="))
        self.line(depth, f"{name} {sign} {self.expression(kind, 1)}")

    def mutate(self, depth: int, _nesting: int) -> None:
        """A call for its effect."""
        kind = self.random.choice(("Tensor", "int"))
        holder = self.name_of(f"List[{kind}]")
        option = self.random.randrange(4)
        if option == 0:
            self.line(depth, f"{holder}.append({self.expression(kind, 1)})")
        elif option == 1:
            self.line(depth, f"{holder}[{self.expression('int', 1)}] = {self.expression(kind, 1)}")
        elif option == 2:  # noqa: PLR2004
            self.line(
                depth,
                f"{self.name_of('Dict[str, Tensor]')}[{self.expression('str', 1)}] = {self.expression('Tensor', 1)}",
            )
        else:
            self.line(depth, f"self.count = {self.expression('int', 1)}")

    def branch(self, depth: int, nesting: int) -> None:
        """`if` with or without `else`."""
        self.line(depth, f"if {self.expression('bool', 2)}:")
        self.block(depth + 1, self.random.randint(1, 2), nesting + 1)
        self.leave(depth + 1, nesting)
        if self.random.random() < 0.5:  # noqa: PLR2004
            self.line(depth, "else:")
            self.block(depth + 1, self.random.randint(1, 2), nesting + 1)

    def leave(self, depth: int, nesting: int) -> None:
        """Sometimes a branch raises."""
        if self.random.random() < 0.1 and nesting == 0:  # noqa: PLR2004
            self.line(depth, 'raise ValueError("no")')

    def refined(self, depth: int, nesting: int) -> None:
        """A test for None and a use of what it proves."""
        name = self.name_of(self.random.choice(("Optional[Tensor]", "Optional[int]")))
        kind = self.names.get(name, "Optional[Tensor]")
        inner = kind[len("Optional[") : -1] if kind.startswith("Optional") else kind
        form = self.random.randrange(3)
        if form == 0:
            self.line(depth, f"if {name} is not None:")
            self.names[name] = inner
            self.block(depth + 1, self.random.randint(1, 2), nesting + 1)
            self.names[name] = kind
        elif form == 1:
            self.line(depth, f"if {name} is None:")
            self.line(depth + 1, f"{name} = {self.expression(inner, 1)}")
            self.names[name] = inner
        else:
            self.line(depth, f"assert {name} is not None")
            self.names[name] = inner

    def loop(self, depth: int, nesting: int) -> None:
        """A loop over a range, a list or while something holds."""
        form = self.random.randrange(3)
        name = self.new_name()
        before = dict(self.names)
        if form == 0:
            self.line(depth, f"for {name} in range({self.expression('int', 1)}):")
            self.names[name] = "int"
        elif form == 1:
            kind = self.random.choice(("int", "Tensor"))
            self.line(depth, f"for {name} in {self.expression(f'List[{kind}]', 1)}:")
            self.names[name] = kind
        else:
            self.line(depth, f"while {self.expression('bool', 1)}:")
        self.block(depth + 1, self.random.randint(1, 2), nesting + 1)
        if self.random.random() < 0.1:  # noqa: PLR2004
            self.line(depth + 1, self.random.choice(("break", "continue")))
        self.names = {n: k for n, k in self.names.items() if n in before}

    def layer_loop(self, depth: int, nesting: int) -> None:
        """An unrolled loop."""
        self.line(depth, "for layer in self.layers:")
        self.line(depth + 1, f"x = layer({self.expression('Tensor', 1)})")
        if nesting < 1:
            self.block(depth + 1, 1, nesting + 1)

    def unpack(self, depth: int, _nesting: int) -> None:
        """`a, b = pair`."""
        left, right = self.new_name(), self.new_name()
        kind = self.random.choice(("Tuple[Tensor, int]", "Tuple[int, int]"))
        self.line(depth, f"{left}, {right} = {self.expression(kind, 1)}")
        first, second = kind.removeprefix("Tuple[").removesuffix("]").split(", ")
        self.names[left], self.names[right] = first, second

    # -- expressions ----------------------------------------------------------------
    def name_of(self, kind: str) -> str:
        """A name of a type, if there is one."""
        fitting = [name for name, known in self.names.items() if known == kind]
        return self.random.choice(fitting) if fitting else self.random.choice(list(self.names))

    def expression(self, kind: str, depth: int) -> str:
        """An expression that has the type, unless noise gets in."""
        if self.random.random() < NOISE:
            kind = self.pick_type()
        if depth <= 0 or self.random.random() < 0.3:  # noqa: PLR2004
            return self.leaf(kind)
        forms = FORMS.get(kind, ())
        if not forms:
            return self.leaf(kind)
        form = self.random.choice(forms)
        return self.fill(form, depth - 1)

    def fill(self, form: str, depth: int) -> str:
        """Replace each `<type>` of a form by an expression."""
        out = ""
        while "<" in form and ">" in form:
            before, _, rest = form.partition("<")
            kind, _, form = rest.partition(">")
            part = self.expression(kind, depth) if kind in TYPES else f"<{kind}>"
            out += before + (f"({part})" if form.startswith((".", "[")) else part)
        return out + form

    def leaf(self, kind: str) -> str:
        """A name or a literal."""
        fitting = [name for name, known in self.names.items() if known == kind]
        if fitting and self.random.random() < 0.75:  # noqa: PLR2004
            return self.random.choice(fitting)
        return self.random.choice(LEAVES[kind])


LEAVES: dict[str, tuple[str, ...]] = {
    "Tensor": ("x", "torch.ones(2)", "self.table", "self.fc.weight", "torch.zeros(2, 2)"),
    "int": ("1", "2", "n", "self.count", "self.limit", "x.size(0)", "x.dim()", "len(xs)"),
    "float": ("0.5", "r", "self.rate", "math.pi", "1e-3"),
    "bool": ("True", "b", "self.flag", "self.training", "x.is_cuda"),
    "str": ('"a"', "s"),
    "Optional[Tensor]": ("m", "self.maybe", "None", "x"),
    "Optional[int]": ("k", "None", "1"),
    "List[int]": ("ns", "[1, 2]", "x.shape", "[n]", "[]"),
    "List[float]": ("[0.5, 1.0]", "[r]", "[]"),
    "List[Tensor]": ("xs", "[x]", "[x, x]", "[]"),
    "Dict[str, Tensor]": ("d", '{"a": x}', "{}"),
    "Tuple[Tensor, int]": ("p", "(x, 1)", "(x, n)"),
    "Tuple[int, int]": ("(1, 2)", "(n, 3)"),
}
FORMS: dict[str, tuple[str, ...]] = {
    "Tensor": (
        "<Tensor> + <Tensor>",
        "<Tensor> * <float>",
        "<int> * <Tensor>",
        "<Tensor> @ <Tensor>",
        "-<Tensor>",
        "<Tensor>.relu()",
        "torch.cat(<List[Tensor]>, dim=<int>)",
        "torch.stack(<List[Tensor]>)",
        "F.relu(<Tensor>)",
        "<Tensor>.sum(dim=<int>)",
        "<Tensor>.view(<int>, <int>)",
        "<Tensor>.reshape(<List[int]>)",
        "self.fc(<Tensor>)",
        "self.scale(<Tensor>, <float>)",
        "self.plain(<Tensor>)",
        "<Tensor> if <bool> else <Tensor>",
        "<List[Tensor]>[<int>]",
        "<Tensor>[<int>]",
        "<Tensor>[0, :]",
        "torch.zeros(<int>, <int>)",
        "<Tensor>.clamp(min=<float>)",
        "<Dict[str, Tensor]>[<str>]",
        "<Tuple[Tensor, int]>[0]",
        "torch.where(<Tensor>.gt(0), <Tensor>, <Tensor>)",
        "<Tensor>.float()",
        "F.dropout(<Tensor>, <float>, <bool>)",
        "torch.full((<int>, 2), <float>)",
        "<Tensor>.masked_fill(<Tensor>.eq(0), <float>)",
        "<Tensor>.to(<Tensor>.dtype)",
    ),
    "int": (
        "<int> + <int>",
        "<int> * <int>",
        "<int> // <int>",
        "<int> % <int>",
        "-<int>",
        "<Tensor>.size(<int>)",
        "int(<float>)",
        "len(<List[Tensor]>)",
        "max(<int>, <int>)",
        "<List[int]>[<int>]",
        "<Tuple[Tensor, int]>[1]",
        "<int> if <bool> else <int>",
        "len(<str>)",
        "sum(<List[int]>)",
        "<Tuple[int, int]>[0]",
        "int(<Tensor>.sum())",
        "abs(<int>)",
    ),
    "float": (
        "<float> * <float>",
        "<int> * <float>",
        "<float> + <int>",
        "<int> / <int>",
        "float(<int>)",
        "math.sqrt(<float>)",
        "min(<float>, <float>)",
        "<List[float]>[0]",
        "<float> ** 2",
        "float(<Tensor>.mean())",
        "<float> if <bool> else <float>",
    ),
    "bool": (
        "<int> > <int>",
        "<float> == <float>",
        "not <bool>",
        "<bool> and <bool>",
        "<bool> or <bool>",
        "<str> == <str>",
        "<Tensor>.dim() == <int>",
        "bool(<Tensor>.sum())",
        "<str> in <Dict[str, Tensor]>",
        "<int> in <List[int]>",
        "<Optional[Tensor]> is None",
        "<int> != <float>",
    ),
    "str": ("<str> + <str>", "str(<int>)", 'f"{n}"', "<str>.upper()"),
    "Optional[Tensor]": ("<Tensor>", "<Tensor> if <bool> else None", "<Dict[str, Tensor]>.get(<str>)"),
    "Optional[int]": ("<int>", "<int> if <bool> else None"),
    "List[int]": (
        "<List[int]> + <List[int]>",
        "[<int>, <int>]",
        "[i for i in range(<int>)]",
        "<List[int]>[1:]",
        "sorted(<List[int]>)",
    ),
    "List[float]": ("[<float>, <float>]", "[i * 0.5 for i in <List[int]>]"),
    "List[Tensor]": (
        "[<Tensor>, <Tensor>]",
        "<List[Tensor]> + <List[Tensor]>",
        "[t + 1 for t in <List[Tensor]>]",
        "[f(x) for f in self.layers]",
        "torch.chunk(<Tensor>, <int>)",
        "list(<Dict[str, Tensor]>.values())",
    ),
    "Dict[str, Tensor]": ('{"a": <Tensor>, <str>: <Tensor>}', "{q: t for q, t in <Dict[str, Tensor]>.items()}"),
    "Tuple[Tensor, int]": ("(<Tensor>, <int>)",),
    "Tuple[int, int]": ("(<int>, <int>)",),
}


def judge(text: str, path: Path) -> Verdict:
    """Ask the compiler and the pass."""
    import torch

    path.write_text(text)
    refused = ""
    try:
        torch.jit.script(runpy.run_path(str(path))["Model"]())
    except Exception as error:  # noqa: BLE001 - whatever the compiler raises is a no
        refused = str(error).strip() or type(error).__name__
    module = analyze(text, str(path), all_modules=True)
    problems = [
        f"{module.span(p.node).line}: {p.kind} {p.data}"
        for cls in module.checked_classes(all_modules=True)
        for p in cls.problems
        if p.certain
    ]
    return Verdict(text, refused, problems)


def verdicts(count: int, seed: int) -> Iterator[Verdict]:
    """Judge `count` programs."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = (Program(seed + number).text() for number in itertools.count())
        for number, text in enumerate(itertools.islice(filter(_parses, written), count)):
            yield judge(text, Path(folder) / f"program{number}.py")


def _parses(text: str) -> bool:
    """Noise may write what is no Python."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def main() -> int:
    """Run, list the disagreements by cause; exit 1 on a false alarm or less than 98 % agreement."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=0, help="print so many programs that were judged differently")
    arguments = parser.parse_args()
    agreed, accepted, causes, shown = 0, 0, Counter[str](), 0
    with contextlib.suppress(KeyboardInterrupt):
        for verdict in verdicts(arguments.count, arguments.seed):
            agreed += verdict.agree
            accepted += not verdict.compiler
            if verdict.agree:
                continue
            cause = (
                "missed: " + verdict.compiler.splitlines()[0][:90]
                if verdict.compiler
                else "false: " + verdict.problems[0].partition(": ")[2].partition(" {")[0]
            )
            causes[cause] += 1
            if shown < arguments.show:
                shown += 1
                body = verdict.text[verdict.text.index("def forward") :]
                sys.stdout.write(f"=== {cause}\n{body}\n{verdict.compiler[:600]}\n{verdict.problems}\n")
    false = sum(n for cause, n in causes.items() if cause.startswith("false"))
    for cause, times in causes.most_common():
        sys.stdout.write(f"{times:4} {cause}\n")
    sys.stdout.write(
        f"{agreed} of {arguments.count} agree ({accepted} accepted by the compiler), {false} false alarms\n"
    )
    return 1 if false or agreed < 0.98 * arguments.count else 0


if __name__ == "__main__":
    sys.exit(main())
