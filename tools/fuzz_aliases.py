"""Compare random modules that write through other names: `python -m tools.fuzz_aliases [--programs N] [--first SEED]`.

Tensors, their views, what operators and layers give back, lists and dictionaries that hold them: each program makes
many names for few objects, writes through some and reads others, in branches and in loops that may run no round. Each
is called six times; results, arguments and buffers are compared with Python: live, and through a file that torch runs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import torch

import scriptkit
from scriptkit.errors import ScriptkitError
from tools.fuzz_children import Limits, report, run_all
from tools.importing import imported

_LIMITS = Limits(memory=16 << 30, seconds=40)
_CALLS = ((2, True), (1, False), (0, True), (0, False), (2, False), (0, True))
_HEADER = """from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scriptkit import ScriptableModule


def plus(a: Tensor, b: Tensor) -> Tensor:
    return a + b


def either(a: Tensor, b: Tensor, c: bool) -> Tensor:
    if c:
        return a
    return b


def grown(a: Tensor, n: int) -> Tensor:
    for i in range(n):
        a = a + i
    return a


def bumped(a: Tensor) -> Tensor:
    a.add_(1)
    return a


def doubled(a: Tensor) -> None:
    a.mul_(2)


def put(held: List[Tensor], a: Tensor) -> Tensor:
    held.append(a)
    return held[0]


def listed(a: Tensor) -> List[Tensor]:
    return [a]


def packed(a: Tensor, b: Tensor) -> Tuple[Tensor, Tensor]:
    return a.view(3), b


def placed(held: List[Tensor], a: Tensor) -> None:
    held.append(a)


def placed_and_doubled(held: List[Tensor], a: Tensor) -> None:
    placed(held, a)
    doubled(a)


def placed_anew(held: List[Tensor]) -> Tensor:
    a = torch.ones(3)
    held.append(a)
    return a


def made() -> Tuple[List[Tensor], Tensor]:
    a = torch.ones(3)
    return [a], a


class Part(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.3)

    def forward(self, a: Tensor, n: int) -> Tensor:
        a = self.drop(a)
        if n > 1:
            a = a * 2
        return a


class Model(ScriptableModule):
    buffer: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.drop, self.same, self.part = nn.Dropout(0.5), nn.Identity(), Part()
        self.relu, self.relu_ = nn.ReLU(), nn.ReLU(inplace=True)
        self.few = nn.Sequential(nn.Identity(), nn.Dropout(0.1))
        self.linear, self.flat = nn.Linear(3, 3), nn.Flatten(0)
        nn.init.eye_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        self.register_buffer("buffer", torch.ones(3))

    def forward(self, x: Tensor, y: Tensor, n: int, c: bool) -> List[Tensor]:
        held = [x.clone()]
        named = {'a': y.clone()}
        more = listed(y * 1)
        pair = packed(y * 1, x * 2)
"""
_VALUES = """
    self.drop(A) | self.same(A) | self.relu_(A) | self.relu(A) | self.few(A) | self.linear(A) | self.part(A, n)
    self.flat(A) | F.dropout(A, 0.2, self.training) | F.relu(A) | F.relu(A, inplace=True) | A.type_as(x) | A.float()
    A.to(torch.float32) | A.contiguous() | A.reshape(3) | A.view(3) | A.detach() | A.clone() | A.squeeze() | A.expand(3)
    A[:] | A.flatten() | A.view(1, 3)[0] | A * 1 | A + 0 | A.abs() | A.t() | torch.relu(A) | torch.relu_(A) | A.data
    grown(A, n) | grown(A, n - 1) | bumped(A) | plus(A, y) | either(A, y, c) | (A if c else y) | [A, y][0]
    [A, y][n % 2] | (A, y)[0] | torch.einsum('i->i', A) | A.unsqueeze(0).squeeze(0) | torch.cat([A])
    torch.stack([A, y])[0] | A.chunk(1)[0] | torch.split(A, 3)[0] | A.unbind(0)[0].expand(3) | torch.atleast_1d(A)
    A.sum_to_size([3]) | A.cpu() | F.pad(A, [0, 0]) | put([A], y) | named['a'] | held[0] | held[-1] | self.buffer
    torch.broadcast_tensors(A, y)[0] | torch.where(A > 0, A, y) | F.layer_norm(A, [3]) | A.mul_(1)
    A.clamp_(-50.0, 50.0) | F.hardtanh(A, -5.0, 5.0, True) | F.leaky_relu(A, 0.1, True)
    F.threshold(A, -9.0, 0.0, True) | listed(A)[0] | packed(A, y)[0] | placed_anew(more) | placed_anew(held) | made()[1]
    more[0] | pair[0] | pair[1] | more[-1]
"""
_STATEMENTS = """
    A.add_(1) | A.mul_(2) | A[0] = 5 | A[1:] += 1 | A += 1 | A += B | A -= y | A *= 2 | A.copy_(B) | doubled(A)
    A.view(3).add_(2) | torch.relu_(A) | held.append(A) | held[0] = A | named['a'] = A | self.buffer = A
    self.buffer.add_(1) | held.reverse() | A.zero_() | A, B = B, A | A = B | A.t_() | A.clamp_(0) | self.relu_(A)
    bumped(A) | A.data.add_(3) | for q in held:;q.add_(1) | for q in held[:2]:;A = q
    held[0].add_(1) | named['a'].mul_(2) | placed(held, A) | placed(more, A) | placed_and_doubled(more, A)
    more = listed(A) | pair = packed(A, B) | pair = (B, A) | more[0].add_(1) | pair[1].mul_(2) | more, A = made()
    held.extend(listed(A))
"""


class Program:
    """Writes one random module."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - not for secrets
        self.names = ["x", "y"]
        self.lines: list[str] = []
        self.fresh = 0

    def text(self) -> str:
        """The whole file."""
        self.block("        ", self.random.randint(5, 12), 0)
        read = self.random.sample(self.names, min(len(self.names), self.random.randint(0, 3)))
        some = f"[{', '.join(read or ['torch.zeros(1)'])}]"
        result = self.random.choice(["held", "more", "[pair[0], pair[1]]", "[x.sum()]", some])
        return _HEADER + "\n".join([*self.lines, f"        return {result}"]) + "\n"

    def block(self, indent: str, count: int, depth: int) -> None:
        """Some statements; names first bound in here are forgotten afterwards."""
        before = list(self.names)
        for _ in range(count):
            kind = self.random.random()
            if kind < 0.35:  # noqa: PLR2004
                self.fresh += 1
                self.lines.append(f"{indent}h{self.fresh} = {self.filled(_VALUES)}")
                self.names.append(f"h{self.fresh}")
            elif kind < 0.5:  # noqa: PLR2004
                self.lines.append(f"{indent}{self.random.choice(self.names)} = {self.filled(_VALUES)}")
            elif kind < 0.78 or depth > 1:  # noqa: PLR2004
                self.lines.append(indent + self.filled(_STATEMENTS).replace(";", f"\n{indent}    "))
            else:
                self.nested(indent, depth, is_loop=kind > 0.88)  # noqa: PLR2004
        self.names = before

    def nested(self, indent: str, depth: int, *, is_loop: bool) -> None:
        """A branch, or a loop that may run no round."""
        self.fresh += 1
        heads = ["range(n)", "range(n - 1)", "range(2)"] if is_loop else ["c", "n > 1", "n == 0", "self.training"]
        head = self.random.choice(heads)
        self.lines.append(f"{indent}for i{self.fresh} in {head}:" if is_loop else f"{indent}if {head}:")
        self.block(indent + "    ", self.random.randint(1, 3), depth + 1)
        if not is_loop and self.random.random() < 0.5:  # noqa: PLR2004
            self.lines.append(f"{indent}else:")
            self.block(indent + "    ", self.random.randint(1, 3), depth + 1)

    def filled(self, forms: str) -> str:
        """One of these forms with names in it."""
        form = self.random.choice([one.strip() for one in forms.strip().replace("\n", "|").split("|")])
        names = {"A": self.random.choice(self.names), "B": self.random.choice(self.names)}
        return "".join(names.get(one, one) for one in form)


def outcome(seed: int, folder: Path) -> str:
    """How one program ends."""
    warnings.simplefilter("ignore")
    path = folder / f"aliases_{seed}.py"
    path.write_text(Program(seed).text())
    module = imported(path, path.stem)
    try:
        net = module.Model().eval()
    except ScriptkitError as error:
        found = getattr(error, "diagnostics", ())
        return f"refused: {found[0].name if found else type(error).__name__}"
    eager, live = run(module.Model().eval(), seed, eager=True), run(net, seed)
    if not same(eager, live):
        raised = len(eager[0]) != len(live[0])
        return "another exception" if raised else "BAD live"
    file = io.BytesIO()
    try:
        scriptkit.save(module.Model().eval(), file)
    except ScriptkitError:
        return "equal, in no file"
    file.seek(0)
    is_same = same(eager[0], run(torch.jit.load(file), seed)[0])
    return "equal" if is_same else "BAD file"


def run(net: Any, seed: int, *, eager: bool = False) -> tuple[list[Any], Any]:
    """What the calls gave with the arguments afterwards, up to one that raises, and the buffer in the end."""
    generator, found = torch.Generator().manual_seed(seed), []
    with torch.no_grad(), scriptkit.eager() if eager else contextlib.nullcontext():
        for number, flag in _CALLS:
            x, y = torch.randn(3, generator=generator), torch.randn(3, generator=generator)
            try:
                found.append(([one.clone() for one in net(x, y, number, flag)], x, y))
            except Exception:  # noqa: BLE001 - whatever it is, Python must raise there, too
                break
    return found, getattr(net, "buffer", torch.ones(3))


def same(one: Any, other: Any) -> bool:
    """Whether all tensors are equal; not-a-number equals itself."""
    if isinstance(one, torch.Tensor):
        return one.shape == other.shape and torch.allclose(one, other, equal_nan=True)
    return len(one) == len(other) and all(map(same, one, other))


def main() -> int:
    """Print how the programs ended; exit with 1 if one ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        runs = range(arguments.first, arguments.first + arguments.programs)
        counts, failures = run_all(runs, partial(outcome, folder=Path(folder)), _LIMITS)
    return report("aliases", counts, failures)


if __name__ == "__main__":
    raise SystemExit(main())
