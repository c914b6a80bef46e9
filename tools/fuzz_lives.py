"""Generated modules that write to themselves, and what a door of scriptkit leaves changed: nothing may be.

    python -m tools.fuzz_lives --count 200 --seed 0      # exit 1 where anything changed

Each module writes in one to three ways, before or after it computes, in one or two parts, and raises half-way in every
third; each goes through one door in one mode. What a door refuses is counted: then nothing may have changed, too.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import functools
import io
import linecache
import random
import sys
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import ScriptkitError
from tools.importing import imported

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_QUIETLY = "with torch.no_grad():\n    "
WAYS = {
    "data": "self.inner.weight.data.mul_(0.5)",
    "in place": f"{_QUIETLY}self.inner.weight.add_(1.0)",
    "detached": "self.inner.bias.detach().zero_()",
    "view": f"{_QUIETLY}self.inner.weight[0].fill_(3.0)",
    "set": f"{_QUIETLY}self.inner.bias.set_(torch.ones(4))",
    "new parameter": "self.inner.bias = nn.Parameter(torch.ones(4))",
    "gradient": "self.inner.bias.grad = torch.ones(4)",
    "frozen": "self.inner.weight.requires_grad_(False)",
    "buffer in place": "self.seen.add_(1)",
    "buffer assigned": "self.seen = self.seen + 1",
    "buffer resized": "self.seen.resize_(8)",
    "buffer registered": "self.register_buffer('late', torch.zeros(2))",
    "number": "self.count += 1",
    "list": "self.notes.append(1)",
    "dictionary": "self.table['a'] = self.table['a'] + 1",
    "plain tensor": "self.plain.add_(1)",
    "object": "self.thing.count += 1",
    "class": "type(self).kept += 1",
    "global list": "COLLECTED.append(1)",
    "global number": "global CALLS\nCALLS += 1",
    "random": "torch.rand(3)",
    "random python": "random.random()",
    "random numpy": "np.random.rand()",
    "mode": "self.inner.train(not self.inner.training)",
    "default dtype": "torch.set_default_dtype(torch.float64)",
    "grad mode": "torch.set_grad_enabled(False)",
    "statistics": "self.norm(x)",
}
_HEAD = """
import random
import numpy as np
import torch
from torch import Tensor, nn

COLLECTED = []
CALLS = 0


class Thing:
    def __init__(self):
        self.count = 0


"""
_CLASS = """
class {name}(nn.Module):
    kept = 0

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("seen", torch.zeros(4))
        self.notes, self.table, self.plain, self.thing = [0], {{"a": 0}}, torch.zeros(4), Thing()
        self.count = 0
        self.calls = 0{child}

    def forward(self, x: Tensor) -> Tensor:
{before}
        y = self.inner(x){through}
{after}
        return y


"""
_RAISES = "self.calls += 1\nif self.calls >= {at}:\n    raise RuntimeError('half-way')"
_X = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))


class Holder(scriptkit.ScriptableModule):
    """An own module, whose child it is."""

    def __init__(self, child: nn.Module) -> None:
        super().__init__()
        self.child = child

    def example_inputs(self) -> tuple[Tensor]:
        """What the child is called with."""
        return (_X.clone(),)

    def forward(self, x: Tensor) -> Tensor:
        """`x`: [rows, 4]; the same shape."""
        return self.child(x) * 2  # type: ignore[no-any-return]


def _written(module: nn.Module) -> io.BytesIO:
    file = io.BytesIO()
    scriptkit.save(scriptkit.compile(module, (_X,)), file, example_inputs=(_X,))
    file.seek(0)
    return file


def _assertion(module: nn.Module) -> None:
    from scriptkit.testing import assert_scriptable

    assert_scriptable(module, (_X,))


def _command(name: str, *, writes: str = "") -> Callable[[nn.Module], object]:
    """A command of the command line, given a function that makes a copy of the module."""

    def call(module: nn.Module) -> None:
        from scriptkit.cli import main as scriptkit_command

        made = sys.modules[type(module).__module__]
        made.__dict__["another"] = functools.partial(copy.deepcopy, module)
        with tempfile.TemporaryDirectory() as folder:
            call = [name, f"{made.__name__}:another", "--inputs", "3x4"]
            call += ["-o", str(Path(folder) / f"model{writes}")] if writes else []
            call += ["--rounds", "2"] if name == "bench" else []
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                try:
                    scriptkit_command(call, standalone_mode=False)
                except SystemExit as stopped:
                    if stopped.code:
                        raise ScriptkitError(f"exit code {stopped.code}") from stopped

    return call


DOORS: dict[str, Callable[[nn.Module], object]] = {
    "compile": lambda m: scriptkit.compile(m, (_X,)),
    "lowered": lambda m: scriptkit.compile(m, (_X,), modes={"": "lowered"}),
    "trace": lambda m: scriptkit.compile(m, (_X,), modes={"": "trace"}),
    "held": Holder,
    "verify": lambda m: scriptkit.verify(m, (_X,)),
    "save": lambda m: scriptkit.save(m, io.BytesIO(), example_inputs=(_X,)),
    "file": lambda m: scriptkit.load(_written(m)),
    "report": lambda m: scriptkit.report(scriptkit.compile(m, (_X,))),
    "readiness": lambda m: scriptkit.readiness(m, (_X,)),
    "export": lambda m: scriptkit.export_program(m, (_X,)),
    "warmup": lambda m: scriptkit.warmup(scriptkit.compile(m, (_X,)), (_X,)),
    "assertion": _assertion,
    "optimize": lambda m: scriptkit.optimize(scriptkit.compile(m, (_X,)), (_X,)),
    "bench": lambda m: scriptkit.bench(m, (_X,), rounds=2),
    "inspect": lambda m: scriptkit.inspect(scriptkit.compile(m, (_X,)), (_X,)),
    "compile command": _command("compile", writes=".pt"),
    "export command": _command("export", writes=".pt2"),
    "readiness command": _command("readiness"),
    "optimize command": _command("optimize"),
    "bench command": _command("bench"),
    "inspect command": _command("inspect"),
}


@dataclass(frozen=True)
class Case:
    """One generated module, the door it goes through, and its mode."""

    seed: int
    door: str
    training: bool
    raises: bool
    nested: bool

    @classmethod
    def of(cls, seed: int) -> Case:
        """The case of a seed."""
        choose = random.Random(seed)  # noqa: S311
        door = choose.choice(list(DOORS))
        return cls(seed, door, choose.choice([True, False]), choose.randrange(3) == 0, choose.choice([True, False]))

    def source(self) -> str:
        """The text of its classes."""
        choose = random.Random(self.seed + 1)  # noqa: S311
        text = _HEAD
        for name in ("Part", "Whole") if self.nested else ("Whole",):
            ways = choose.sample(list(WAYS), choose.randint(1, 3))
            where: dict[str, list[str]] = {"before": [], "after": []}
            for way in ways:
                where[choose.choice(list(where))].append(WAYS[way])
            if self.raises and name == "Whole":
                where[choose.choice(list(where))].append(_RAISES.format(at=choose.randint(1, 6)))
            is_outer = self.nested and name == "Whole"
            text += _CLASS.format(
                name=name,
                child="\n        self.part = Part()" if is_outer else "",
                through="\n        y = self.part(y)" if is_outer else "",
                before=_lines(where["before"]),
                after=_lines(where["after"]),
            )
        return _globals_first(text)

    def __str__(self) -> str:
        raises = ", raises" if self.raises else ""
        return f"seed {self.seed}: {self.door}, {'train' if self.training else 'eval'}{raises}"


def _lines(statements: Sequence[str]) -> str:
    return "\n".join(f"        {line}" for one in statements or ["pass"] for line in one.splitlines())


def _globals_first(text: str) -> str:
    """`global` stands before the first use of the name in a function."""
    made: list[str] = []
    declared = False
    for line in text.splitlines():
        if line.strip().startswith("def forward"):
            begins, declared = len(made) + 1, False
        if line.strip() != "global CALLS":
            made.append(line)
        elif not declared:
            made.insert(begins, "        global CALLS")
            declared = True
    return "\n".join(made) + "\n"


def changed(case: Case) -> tuple[list[str], str]:
    """What the door left changed, and what it said where it refused."""
    made = _module_of(case.source())
    torch.manual_seed(0)
    module: nn.Module = made.Whole().train(case.training)
    before, said = _snapshot(module, made), ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            DOORS[case.door](module)
        except (ScriptkitError, RuntimeError, AssertionError, AttributeError, torch.jit.Error) as error:
            said = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    after = _snapshot(module, made)
    with contextlib.suppress(Exception):
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
    return sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k)), said


def _module_of(source: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.py"
        path.write_text(source, encoding="utf-8")
        module = imported(path)  # where the command line finds it
        linecache.getlines(str(path))
        linecache.cache[str(path)] = (len(source), None, source.splitlines(keepends=True), str(path))
    return module


def _snapshot(module: nn.Module, made: Any) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for path, part in module.named_modules():
        for kind in ("_parameters", "_buffers"):
            for name, tensor in vars(part)[kind].items():
                held[f"{path}.{name}"] = _told(tensor)
        for name in ("notes", "table", "plain", "count", "calls", "training"):
            if name in vars(part):
                held[f"{path}.{name}"] = _told(vars(part)[name])
        if "thing" in vars(part):
            held[f"{path}.thing"] = part.thing.count
        held[f"{path} class"] = getattr(type(part), "kept", None)
    held["globals"] = (list(made.COLLECTED), made.CALLS)
    held["random"] = (torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state()))  # noqa: NPY002
    held["modes"] = (torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_num_threads(), len(warnings.filters))
    return held


def _told(value: Any) -> Any:
    if isinstance(value, Tensor):
        gradient = None if value.grad is None else value.grad.tolist()
        return id(value), value.detach().tolist(), value.requires_grad, gradient
    return list(value) if isinstance(value, list) else dict(value) if isinstance(value, dict) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; print what changed, and how many a door refused."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz_lives", description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--door", choices=sorted(DOORS), help="this one alone")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    figures: Counter[str] = Counter()
    for seed in range(asked.seed, asked.seed + asked.count):
        case = Case.of(seed) if asked.door is None else replace(Case.of(seed), door=asked.door)
        found, said = changed(case)
        figures["changed" if found else "refused" if said else "went through"] += 1
        if found:
            print(f"{case}: changed {', '.join(found)}{f' ({said})' if said else ''}", flush=True)
    print(f"{asked.count} modules: " + ", ".join(f"{n} {what}" for what, n in sorted(figures.items())))
    return 1 if figures["changed"] else 0


if __name__ == "__main__":
    sys.exit(main())
