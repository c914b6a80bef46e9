"""Random modules as people write them for sequences: layers, masks, loops over time, branches on data, sizes and flags.

Every tensor has one of four shapes, so that what is written together fits: (batch, time, width), (batch, width),
(batch, time) of bools, and none. What is random is what is computed, and by which control flow.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 4
HEADER = """from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Found(NamedTuple):
    first: Tensor
    second: Tensor


class Child(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.register_buffer("seen", torch.zeros(4))

    def forward(self, x: Tensor, v: Tensor) -> Tensor:
        if self.training:
            self.seen.mul_(0.5).add_(v.detach().mean(0))
        return torch.tanh(self.layer(x)) + v.unsqueeze(1)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)
        self.cell = nn.GRUCell(4, 4)
        self.conv = nn.Conv1d(4, 4, 3, padding=1)
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(2)])
        self.child = Child()
        self.scale = nn.Parameter(torch.tensor(0.75))
        self.weight = nn.Parameter(torch.eye(4) * 0.5)
        self.register_buffer("held", torch.zeros(4))
        self.register_buffer("count", torch.zeros(()))

"""
PARAMETERS = "x: Tensor, v: Tensor, mask: Optional[Tensor], n: int, r: float, flag: bool"
_SHORT = {"s": "S", "v": "V", "m": "M", "c": "C", "i": "I", "f": "F", "b": "B"}
_HOLE = re.compile(r"<(?P<what>\w+)>")
FORMS = {kind: [form.strip() for form in text.replace("\n", "|").strip(" |").split("|")] for kind, text in {
    "S": """(<s> + <s>) | (<s> * <f>) | (<s> - <s>) | self.layer(<s>) | torch.relu(<s>) | <s> * <m>.unsqueeze(-1)
        <s>.masked_fill(~<m>.unsqueeze(-1), 0.0) | <s>.flip(1) | <s>.cumsum(1) | torch.softmax(<s>, dim=-1)
        (<s> + <v>.unsqueeze(1)) | self.norm(<s>) | torch.where(<s> > 0, <s>, <s>)
        (<s> - <s>.mean(1, keepdim=True)) | self.conv(<s>.transpose(1, 2)).transpose(1, 2) | torch.roll(<s>, 1, 1)
        (<s> @ self.weight) | self.child(<s>, <v>) | (<s> if <b> else <s>) | <s> * <c> | <s>.clone()
        torch.cat([<s>, <s>], dim=2)[..., :4] | torch.cat([<s>[:, :1], <s>[:, 1:]], dim=1)
        F.pad(<s>, (0, 0, 1, 0))[:, :-1] | <s>.reshape(<S>.size(0), -1, 4)
        <v>.unsqueeze(1).expand(-1, <S>.size(1), -1)
        F.scaled_dot_product_attention(<s>, <s>, <s>) | <s> / (1 + <s>.abs().amax()) | <s>.sort(dim=1)[0]
        torch.stack([<v> for _ in range(<S>.size(1))], 1) | torch.einsum("btd,de->bte", <s>, self.weight)""",
    "V": """<s>.mean(1) | <s>[:, 0] | <s>[:, -1] | <s>.max(1)[0] | <s>.amax(1) | (<v> + <v>) | self.cell(<v>, <v>)
        (<v> + self.held) | torch.tanh(<v>) | <v> * <c> | torch.cat([<v>, <v>], 1)[:, 1:5] | F.normalize(<v>, dim=1)
        <v>.clamp(min=<number>) | self.layer(<v>) | (<v> if <b> else <v>) | <s>.sum(1) / <I> | (<v> - <f>)
        <s>[:, <S>.size(1) // 2] | self.layers[1](<v>) | torch.where(<c> > 0, <v>, <v>) | <v>.masked_fill(<v> < 0, 0.5)
        <s>.gather(1, <s>.argmax(1, keepdim=True)).squeeze(1) | <v>[torch.arange(<V>.size(0)).flip(0)]""",
    "M": """(<s>.sum(-1) > 0) | (<m> & <m>) | ~<m> | (<s>[..., 0] < <c>) | torch.ones(<S>.size(0), <S>.size(1)) > 0
        (torch.arange(<S>.size(1)).unsqueeze(0) < <I>).expand(<S>.size(0), -1)""",
    "C": """<v>.sum() | <s>.mean() | <v>.abs().max() | (<v> > 0).float().mean() | self.scale | (<c> + <c>)
        <m>.float().mean() | self.held.sum() | <c>.abs() | torch.tensor(<f>) | self.count + 1 | <c> * 0.5""",
    "I": """n | <S>.size(0) | <S>.size(1) | <S>.shape[1] // 2 | (<i> + 1) | int(<m>.sum()) | <V>.shape[0] | 2
        max(<i>, 1) | min(<i>, 3)""",
    "F": """r | 0.5 | float(<c>) | <c>.item() | (<i> * 0.5) | -1.5 | (<f> + 1.0) | (1.5 if <b> else 0.25)""",
    "B": """bool(<c> > 0) | flag | <S>.size(1) > 3 | <c> > <c> | self.training | n > 2 | mask is not None
        (<b> and <b>) | (not <b>) | bool(<m>.any()) | <S>.size(0) == 2 | (<b> or <b>) | r > 0.3 | <i> > <i>
        bool((<v> > 0).all()) | <f> > 0.4""",
}.items()}  # fmt: skip
RETURNS = ("S", "V", "C")


class TensorProgram:
    """Writes one random module of sequences."""

    def __init__(self, seed: int) -> None:
        """The same seed writes the same module."""
        self.random = random.Random(seed)  # noqa: S311 - not for secrets
        self.names: dict[str, str] = {}
        self.lines: list[str] = []
        self.fresh = 0
        self.returned: list[str] = []
        self.container = self.random.choice(("{}, {}", "{{'a': {}, 'b': {}}}", "Found({}, {})", "[{}, {}]"))
        self.in_loop = 0

    def text(self) -> str:
        """The whole file."""
        self.returned = [self.random.choice(RETURNS) for _ in range(self.random.randint(1, 2))]
        self.names = {"x": "S", "v": "V", "here": "M", "self.held": "W"}
        self.line(2, "here = mask if mask is not None else torch.ones(x.size(0), x.size(1)) > 0")
        self.block(2, self.random.randint(2, 6), 0)
        self.line(2, self.result())
        body = "\n".join(self.lines)
        return HEADER + f"    def forward(self, {PARAMETERS}):\n{body}\n"

    def result(self) -> str:
        """A `return` of the kinds that all returns of the module have."""
        parts = [self.expression(kind, 2) for kind in self.returned]
        if len(parts) == 1:
            return f"return {parts[0]}"
        return f"return {self.container.format(*parts)}"

    def line(self, depth: int, text: str) -> None:
        """One more line."""
        self.lines.append("    " * depth + text)

    # -- statements ----------------------------------------------------------------
    def block(self, depth: int, count: int, nesting: int) -> None:
        """Some statements; names first bound in here are forgotten afterwards."""
        before = dict(self.names)
        start = len(self.lines)
        for _ in range(count):
            choices: list[Callable[[int, int], None]] = [self.new, self.new, self.assign, self.assign, self.write]
            if nesting < 2:  # noqa: PLR2004 - deep enough
                choices += [self.branch, self.branch, self.over_time, self.collect, self.counted, self.until]
                choices += [self.over_layers] if nesting == 0 else []
                choices += [self.early, self.check] if not self.in_loop else []
            self.random.choice(choices)(depth, nesting)
        if len(self.lines) == start:
            self.line(depth, "pass")
        self.names = before

    def new(self, depth: int, _nesting: int) -> None:
        """A new variable."""
        self.fresh += 1
        kind = self.random.choice("SSVVMCIFB")
        self.line(depth, f"v{self.fresh} = {self.expression(kind, 2)}")
        self.names[f"v{self.fresh}"] = kind

    def assign(self, depth: int, _nesting: int) -> None:
        """A variable gets another value."""
        name, kind = self.random.choice([item for item in self.names.items() if item[1] in "SVMCIF"])
        if kind in "SVC" and self.random.random() < 0.3:  # noqa: PLR2004
            self.line(depth, f"{name} = {name} {self.random.choice('+-*')} {self.expression(kind, 1)}")
        else:
            self.line(depth, f"{name} = {self.expression(kind, 2)}")

    def write(self, depth: int, _nesting: int) -> None:
        """A tensor or a buffer is written in place."""
        if self.random.random() < 0.4:  # noqa: PLR2004
            change = self.random.choice((
                "self.held.copy_({v}.detach().mean(0))", "self.held.mul_(0.9).add_({v}.detach().sum(0))",
                "self.held = self.held * 0.5 + {v}.detach().mean(0)", "self.count += 1", "self.count.add_(1)",
            ))  # fmt: skip
            self.line(depth, change.format(v=self.of("V")))
            return
        self.fresh += 1
        name = f"v{self.fresh}"
        kind = self.random.choice("SV")
        self.line(depth, f"{name} = {self.expression(kind, 1)}.clone()")
        self.names[name] = kind
        first = {"S": ":, 0", "V": ":, :2"}[kind]
        value = self.expression("V", 1) if kind == "S" else self.expression("F", 1)
        self.line(depth, self.random.choice((
            f"{name}[{first}] = {value}", f"{name}[{first}] += {self.expression('F', 1)}",
            f"{name}.mul_(0.5)", f"{name}.clamp_(min=-1.0)", f"{name}[{name} > 0.5] = 0.25",
        )))  # fmt: skip

    def branch(self, depth: int, nesting: int) -> None:
        """An `if`."""
        self.line(depth, f"if {self.expression('B', 1)}:")
        self.block(depth + 1, self.random.randint(1, 3), nesting + 1)
        if self.random.random() < 0.6:  # noqa: PLR2004
            self.line(depth, "else:")
            self.block(depth + 1, self.random.randint(1, 3), nesting + 1)

    def over_time(self, depth: int, nesting: int) -> None:
        """A recurrent loop, forwards or backwards, that carries a state."""
        before = dict(self.names)
        self.fresh += 1
        step, state, item = f"t{self.fresh}", f"h{self.fresh}", f"x{self.fresh}"
        source = self.of("S")
        self.line(depth, f"{state} = {self.expression('V', 1)}")
        kind = self.random.randrange(4)
        if kind == 0:
            self.line(depth, f"for {step} in range({source}.size(1)):")
        elif kind == 1:
            self.line(depth, f"for {step} in range({source}.size(1) - 1, -1, -1):")
        elif kind == 2:  # noqa: PLR2004
            self.line(depth, f"for {item} in {source}.unbind(1):")
        else:
            self.line(depth, f"for {step}, {item} in enumerate({source}.unbind(1)):")
        if kind < 2:  # noqa: PLR2004
            self.line(depth + 1, f"{item} = {source}[:, {step}]")
        self.names |= {state: "V", item: "V"}
        self.looped(depth, nesting, f"{state} = self.cell({item}, {state})")
        self.names = before | {state: "V"}

    def collect(self, depth: int, nesting: int) -> None:
        """One result for each step, in a list or in a tensor that is filled."""
        before = dict(self.names)
        self.fresh += 1
        step, made, item = f"t{self.fresh}", f"s{self.fresh}", f"x{self.fresh}"
        source = self.of("S")
        is_list = self.random.random() < 0.6  # noqa: PLR2004
        self.line(depth, f"{made}_ = []" if is_list else f"{made} = torch.zeros_like({source})")
        self.line(depth, f"for {step} in range({source}.size(1)):")
        self.line(depth + 1, f"{item} = {source}[:, {step}]")
        self.names[item] = "V"
        self.in_loop += 1
        self.block(depth + 1, self.random.randint(0, 2), nesting + 1)
        self.in_loop -= 1
        value = self.expression("V", 1)
        self.line(depth + 1, f"{made}_.append({value})" if is_list else f"{made}[:, {step}] = {value}")
        if is_list:
            self.line(depth, f"{made} = torch.stack({made}_, 1)")
        self.names = before | {made: "S"}

    def counted(self, depth: int, nesting: int) -> None:
        """A loop of a number of rounds that is known, or an argument, or data."""
        before = dict(self.names)
        self.fresh += 1
        self.line(depth, f"for i{self.fresh} in range({self.random.choice(('2', '3', 'n', self.expression('I', 1)))}):")
        self.names[f"i{self.fresh}"] = "I"
        name = self.of(self.random.choice("SV"))
        self.looped(depth, nesting, f"{name} = {name} * 0.5 + {self.of(self.names[name])} * 0.25")
        self.names = before

    def until(self, depth: int, nesting: int) -> None:
        """A loop that data ends, within a number of rounds."""
        before = dict(self.names)
        self.fresh += 1
        count, name = f"k{self.fresh}", self.of(self.random.choice("SV"))
        self.line(depth, f"{count} = 0")
        self.line(depth, f"while {count} < 4 and {name}.abs().{self.random.choice(('max', 'sum', 'mean'))}() > 0.3:")
        self.names[count] = "K"
        self.line(depth + 1, f"{count} += 1")
        self.looped(depth, nesting, f"{name} = {name} * 0.5")
        self.names = before

    def over_layers(self, depth: int, nesting: int) -> None:
        """A walk over the layers of a list."""
        before = dict(self.names)
        name = self.of(self.random.choice("SV"))
        self.fresh += 1
        self.line(depth, f"for layer{self.fresh} in self.layers:")
        self.looped(depth, nesting, f"{name} = torch.tanh(layer{self.fresh}({name}))")
        self.names = before

    def looped(self, depth: int, nesting: int, step: str) -> None:
        """The body of a loop around its step, which may be left or gone on from."""
        self.in_loop += 1
        self.line(depth + 1, step)
        self.block(depth + 1, self.random.randint(0, 2), nesting + 1)
        if self.random.random() < 0.25:  # noqa: PLR2004
            self.line(depth + 1, f"if {self.expression('B', 1)}:")
            self.line(depth + 2, self.random.choice(("break", "continue")))
        self.in_loop -= 1

    def early(self, depth: int, _nesting: int) -> None:
        """A result before the end."""
        if self.random.random() < 0.5:  # noqa: PLR2004
            self.line(depth, f"if {self.expression('B', 1)}:")
            self.line(depth + 1, self.result())

    def check(self, depth: int, _nesting: int) -> None:
        """Something that may raise."""
        self.line(depth, self.random.choice((
            f"assert {self.of('S')}.size(1) > 0, 'empty'",
            f"assert bool({self.of('V')}.abs().max() < 1000.0), 'too large'",
            "if n < 0:\n" + "    " * (depth + 1) + "raise ValueError('n is negative')",
            f"if bool({self.of('V')}.sum() > 500.0):\n" + "    " * (depth + 1) + "raise ValueError('no')",
        )))  # fmt: skip

    # -- expressions ---------------------------------------------------------------
    def of(self, kind: str) -> str:
        """A name of a kind; where there is none, an expression that is one."""
        known = [name for name, its in self.names.items() if its == kind]
        plain = {"C": "self.scale", "I": "n", "F": "r", "B": "flag"}
        return self.random.choice(known or [plain[kind]])

    def expression(self, kind: str, depth: int) -> str:
        """An expression of a kind."""
        if depth <= 0 or self.random.random() < 0.3:  # noqa: PLR2004
            return self.of(kind)
        form = self.random.choice(FORMS[kind])
        return _HOLE.sub(lambda hole: self.filled(hole["what"], depth - 1), form)

    def filled(self, what: str, depth: int) -> str:
        """What stands in a hole of a form."""
        if what == "number":
            return self.random.choice(("-0.5", "0.0", "0.25"))
        return self.of(what) if what.isupper() else self.expression(_SHORT[what], depth)
