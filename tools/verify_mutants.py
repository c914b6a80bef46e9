"""Modules that are wrong on purpose where they are compiled, and whether `verify` and `save` notice.

Each mutant is one class whose compiled code goes another way than its Python (`torch.jit.is_scripting()`); its control
is the same class with the right code on both sides.

    python -m tools.verify_mutants            # every mutant and control; exit 1 where one is missed or alarms
    python -m tools.verify_mutants NAME ...   # some of them
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import scriptkit
from tools.importing import imported

if TYPE_CHECKING:
    from collections.abc import Sequence

_X = "(torch.randn(3, 4),)"
_FLOAT = "(torch.randn(3, 4), 0.5)"


@dataclass(frozen=True)
class Mutant:
    """One class: what its Python does, and what its compiled code does instead."""

    name: str
    right: str
    wrong: str
    init: str = "pass"
    arguments: str = "x: Tensor"
    returns: str = "Tensor"
    before: str = "y = x * 2.0"
    result: str = "y"
    inputs: str = _X
    members: str = ""
    training: bool = False

    def source(self, *, is_control: bool) -> str:
        """The text of the class."""
        wrong = self.right if is_control else self.wrong
        lines = [
            f"class {self.class_name(is_control=is_control)}(ScriptableModule):",
            *(f"    {line}" for line in self.members.splitlines()),
            "    def __init__(self) -> None:",
            "        super().__init__()",
            *(f"        {line}" for line in self.init.splitlines()),
            f"    def forward(self, {self.arguments}) -> {self.returns}:",
            *(f"        {line}" for line in self.before.splitlines()),
            "        if torch.jit.is_scripting():",
            *(f"            {line}" for line in wrong.splitlines()),
            "        else:",
            *(f"            {line}" for line in self.right.splitlines()),
            f"        return {self.result}",
        ]
        return "\n".join(lines) + "\n\n\n"

    def class_name(self, *, is_control: bool) -> str:
        """A name for the class."""
        spoken = "".join(word.capitalize() for word in self.name.replace("-", " ").split())
        return f"{spoken}Control" if is_control else spoken


_BUFFER = "self.register_buffer('b', torch.zeros(4))"
_NORM = "self.bn = nn.BatchNorm1d(4)"
_WEIGHT = "self.w = nn.Parameter(torch.ones(4))"
MUTANTS = (
    Mutant("number counted", "self.n += 1", "self.n += 2", init="self.n = 0"),
    Mutant("number not counted", "self.n += 1", "pass", init="self.n = 0"),
    Mutant("float kept", "self.f = 0.5", "self.f = 0.25", init="self.f = 1.0"),
    Mutant("flag kept", "self.on = True", "self.on = False", init="self.on = False"),
    Mutant("text kept", "self.t = 'a'", "self.t = 'b'", init="self.t = ''"),
    Mutant("list filled", "self.l.append(1)", "self.l.append(2)", init="self.l = [0]"),
    Mutant("list not filled", "self.l.append(1)", "pass", init="self.l = [0]"),
    Mutant("dictionary filled", "self.d['a'] = 1", "self.d['a'] = 3", init="self.d = {'a': 0}"),
    Mutant("plain tensor written", "self.p.add_(1.0)", "self.p.add_(2.0)", init="self.p = torch.zeros(4)"),
    Mutant("plain tensor put anew", "self.p = self.p + 1.0", "self.p = self.p + 2.0", init="self.p = torch.zeros(4)"),
    Mutant("list of tensors", "self.l[0].add_(1.0)", "self.l[0].sub_(1.0)", init="self.l = [torch.zeros(4)]"),
    Mutant("buffer written", "self.b.add_(1.0)", "self.b.add_(1.5)", init=_BUFFER),
    Mutant("buffer not written", "self.b.add_(1.0)", "pass", init=_BUFFER),
    Mutant("buffer put anew", "self.b = self.b + 1.0", "self.b = self.b + 3.0", init=_BUFFER),
    Mutant(
        "parameter written",
        "with torch.no_grad():\n    self.w.mul_(0.5)",
        "with torch.no_grad():\n    self.w.mul_(0.25)",
        init=_WEIGHT,
    ),
    Mutant("parameter written through data", "self.w.data.mul_(0.5)", "pass", init=_WEIGHT),
    Mutant(
        "parameter written in training",
        "if self.training:\n    with torch.no_grad():\n        self.w.clamp_(-0.5, 0.5)",
        "pass",
        init=_WEIGHT,
    ),
    Mutant("statistics", "y = self.bn(y)", "y = y", init="self.bn = nn.BatchNorm1d(4)"),
    Mutant(
        "statistics twice",
        "y = y + self.bn(y)",
        "y = y + self.bn(y)\nz = self.bn(y) + y",
        init="self.bn = nn.BatchNorm1d(4)",
    ),
    Mutant("argument written", "x.add_(1.0)", "x.add_(2.0)"),
    Mutant("argument not written", "x.add_(1.0)", "pass"),
    Mutant(
        "list argument changed",
        "many.append(y)",
        "pass",
        arguments="many: List[Tensor]",
        before="y = many[0] * 2.0",
        inputs="([torch.randn(3, 4)],)",
    ),
    Mutant(
        "dictionary argument changed",
        "many['b'] = y",
        "pass",
        arguments="many: Dict[str, Tensor]",
        before="y = many['a'] * 2.0",
        inputs="({'a': torch.randn(3, 4)},)",
    ),
    Mutant("other numbers drawn", "y = y + torch.rand(4)", "y = y + torch.randn(4)"),
    Mutant("one more number drawn", "y = y + torch.rand(4)", "y = y + torch.rand(5)[:4]"),
    Mutant("numbers drawn and left", "pass", "z = torch.rand(3)\ny = y + z.sum() * 0.0"),
    Mutant("other dropout", "y = F.dropout(y, 0.5, self.training)", "y = F.dropout(y, 0.4, self.training)"),
    Mutant(
        "optional left out",
        "if o is not None:\n    y = y + o",
        "if o is not None:\n    y = y + o\nelse:\n    y = y + 1.0",
        arguments="x: Tensor, o: Optional[Tensor] = None",
        inputs="(torch.randn(3, 4), torch.randn(3, 4))",
    ),
    Mutant(
        "optional given",
        "if o is not None:\n    y = y + o",
        "if o is not None:\n    y = y - o",
        arguments="x: Tensor, o: Optional[Tensor] = None",
    ),
    Mutant(
        "another flag",
        "if flag:\n    y = y + 1.0",
        "if flag:\n    y = y + 1.0\nelse:\n    y = y + 2.0",
        arguments="x: Tensor, flag: bool",
        inputs="(torch.randn(3, 4), True)",
    ),
    Mutant(
        "default flag",
        "if flag:\n    y = y + 1.0",
        "if flag:\n    y = y + 2.0",
        arguments="x: Tensor, flag: bool = False",
    ),
    Mutant(
        "another integer",
        "y = y * n",
        "y = y * 2",
        arguments="x: Tensor, n: int",
        inputs="(torch.randn(3, 4), 2)",
    ),
    Mutant(
        "another float", "y = y * f", "y = y * 0.5", arguments="x: Tensor, f: float", inputs="(torch.randn(3, 4), 0.5)"
    ),
    Mutant("off by little", "y = y * 3.0", "y = y * 3.0 * (1.0 + 5e-5)"),
    Mutant("off by a constant", "y = y + 100.0", "y = y + 100.001"),
    Mutant("no gradient of the input", "y = y * 1.0", "y = y.detach() * 1.0"),
    Mutant(
        "other gradient",
        "y = y * self.w",
        "y = (y * self.w).detach() + (self.w * y - (self.w * y).detach()) * 2.0",
        init=_WEIGHT,
    ),
    Mutant("in training only", "y = y + 1.0", "if self.training:\n    y = y + 2.0\nelse:\n    y = y + 1.0"),
    Mutant("in evaluation only", "y = y + 1.0", "if self.training:\n    y = y + 1.0\nelse:\n    y = y + 2.0"),
    Mutant("in double only", "y = y + 1.0", "if x.dtype == torch.float64:\n    y = y + 2.0\nelse:\n    y = y + 1.0"),
    Mutant(
        "raises in double", "y = y + 1.0", "if x.dtype == torch.float64:\n    raise RuntimeError('no')\ny = y + 1.0"
    ),
    Mutant("one row", "y = y + 1.0", "if x.shape[0] == 1:\n    y = y + 2.0\nelse:\n    y = y + 1.0"),
    Mutant("more rows", "y = y + 1.0", "if x.shape[0] > 3:\n    y = y + 2.0\nelse:\n    y = y + 1.0"),
    Mutant("many rows", "if x.shape[0] > 64:\n    y = y + 1.0", "if x.shape[0] > 64:\n    y = y + 2.0"),
    Mutant("no rows", "y = y.sum(0)", "if x.shape[0] == 0:\n    y = torch.ones(4)\nelse:\n    y = y.sum(0)"),
    Mutant("negative numbers", "y = y.abs()", "if float(x.max()) < 0.0:\n    y = y\nelse:\n    y = y.abs()"),
    Mutant("sign of zero", "y = y * 0.0", "y = (y * 0.0).abs() * -1.0"),
    Mutant("strides", "y = y.t().contiguous().t()", "y = y.contiguous()"),
    Mutant("result is the input", "y = x", "y = x.clone()"),
    Mutant("result is a copy", "y = x.clone()", "y = x"),
    Mutant("result is a buffer", "y = self.b", "y = self.b.clone()", init=_BUFFER),
    Mutant("results are one", "z = y", "z = y.clone()", returns="Tuple[Tensor, Tensor]", result="y, z"),
    Mutant("does not raise", "if x.shape[0] != 3:\n    raise ValueError('three rows')", "pass"),
    Mutant("raises", "pass", "if x.shape[0] > 3:\n    raise ValueError('three rows')"),
    Mutant(
        "exported method",
        "pass",
        "pass",
        members="@scriptkit.export\ndef more(self, x: Tensor) -> Tensor:\n    if torch.jit.is_scripting():\n"
        "        return x + self.off\n    return x + 1.0",
        init="self.off = 2.0",
    ),
    Mutant("second call", "self.n += 1", "self.n += 1\nif self.n > 1:\n    y = y + 1.0", init="self.n = 0"),
    Mutant("type of the result", "y = y.to(torch.float32)", "y = y.to(torch.float64)"),
    Mutant("a number as result", "n = x.shape[0]", "n = 3", returns="int", result="n"),
    Mutant("a submodule counts", "self.inner.n += 1", "self.inner.n += 3", init="self.inner = Counted()"),
)
_HEAD = '''"""Generated by tools.verify_mutants."""
from typing import Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule


class Counted(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.n = 0

    def forward(self, x: Tensor) -> Tensor:
        return x


'''


def loaded_classes(mutants: Sequence[Mutant], folder: Path) -> Any:
    """A module with every mutant and its control."""
    text = _HEAD + "".join(m.source(is_control=control) for m in mutants for control in (False, True))
    file = folder / "mutants_of_verify.py"
    file.write_text(text, encoding="utf-8")
    return imported(file)


def is_found(made: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[bool, str]:
    """Whether `verify` raises, and with what first."""
    try:
        scriptkit.verify(made, inputs)
    except scriptkit.VerificationError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.startswith("  ")]
        return True, lines[0] if lines else str(error)
    return False, ""


def is_found_by_saving(made: torch.nn.Module, inputs: tuple[Any, ...]) -> bool:
    """Whether `save(example_inputs=...)` refuses."""
    try:
        scriptkit.save(made, io.BytesIO(), example_inputs=inputs)
    except (scriptkit.VerificationError, scriptkit.ArtifactError):
        return True
    return False


def main(names: Sequence[str]) -> int:
    """Print one line for each mutant, and the figures."""
    warnings.simplefilter("ignore")
    mutants = [m for m in MUTANTS if not names or m.name in names]
    missed, alarms, by_saving, began = [], [], 0, time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        classes = loaded_classes(mutants, Path(folder))
        for mutant in mutants:
            torch.manual_seed(0)
            inputs = eval(mutant.inputs, {"torch": torch})  # noqa: S307  # our own text
            wrong = getattr(classes, mutant.class_name(is_control=False))
            right = getattr(classes, mutant.class_name(is_control=True))
            found, how = is_found(wrong().eval(), inputs)
            by_saving += is_found_by_saving(wrong().eval(), inputs)
            alarm, alarming = is_found(_control(right), inputs)
            missed += [] if found else [mutant.name]
            alarms += [mutant.name] if alarm else []
            print(
                f"{mutant.name:32} {'found' if found else 'MISSED':7} {how[:100]}",
                f"FALSE ALARM: {alarming}" if alarm else "",
            )
    print(
        f"{len(mutants)} mutants: {len(mutants) - len(missed)} found by verify, {by_saving} by save; "
        f"{len(alarms)} false alarms of {len(mutants)} controls; {time.perf_counter() - began:.1f} s"
    )
    return int(bool(missed or alarms))


def _control(right: type[torch.nn.Module]) -> torch.nn.Module:
    made = right().eval()
    if "off" in vars(made):
        made.off = 1.0  # type: ignore[assignment]
    return made


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
