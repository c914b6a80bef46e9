"""Compare random whole modules with Python: `python -m tools.fuzz_modules [--programs N] [--first SEED] [--lowered]`.

Each is called several times, with other inputs; results, inputs, state and exceptions are compared: live, and through its
file, which another process loads by torch alone. A program may be refused; it may never compute something else, lose a
write or hang. What the page "where compiled code differs" tells of (the type of an exception, for one) is counted.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import io
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import scriptkit
from scriptkit.errors import ScriptkitError
from tools.fuzz_children import Limits, report, run_all
from tools.module_programs import Program

if TYPE_CHECKING:
    from types import ModuleType

_CALLS = 3
_LIMITS = Limits(memory=16 << 30, seconds=40)
_LOADER = """
import io, sys, torch
torch.set_num_threads(1)
for line in sys.stdin:
    calls = torch.load(line.strip() + ".calls", weights_only=False)
    model = torch.jit.load(line.strip() + ".pt")
    found = []
    for arguments in calls:
        try:
            found.append(("gave", model(*arguments), arguments[:2]))
        except Exception as error:
            found.append(("raised", str(error).strip().splitlines()[-1], arguments[:2]))
            break
    state = {}
    for name in ("numbers", "names", "tensors", "table", "count", "rate", "flag", "word", "buffer"):
        try:
            state[name] = getattr(model, name)
        except Exception:
            state[name] = None
    torch.save((found, state, [model.child.total, model.child.held] if hasattr(model.child, "total") else []), line.strip() + ".out")
    print("done", flush=True)
"""
_MAY_BE_LOST = ("IndexError", "KeyError", "ZeroDivisionError", "ValueError", "OverflowError")
_STATE = ("numbers", "names", "tensors", "table", "count", "rate", "flag", "word", "buffer")


class Forms:
    """Makes the forms of one program."""

    def __init__(self, folder: Path, *, lowered: bool) -> None:
        self.folder, self.lowered = folder, lowered
        self.loader: subprocess.Popen[str] | None = None

    def outcome(self, seed: int) -> str:
        """How one program ends."""
        warnings.simplefilter("ignore")
        text = Program(seed).text("nn.Module" if self.lowered else "ScriptableModule")
        path = self.folder / f"program_{seed}.py"
        path.write_text(text)
        calls = [inputs(seed * 10 + number) for number in range(_CALLS)]
        try:
            module = self._live(path, calls[0])
        except ScriptkitError as error:
            found = getattr(error, "diagnostics", ())
            return f"refused {found[0].name if found else type(error).__name__}"
        eager = run(_imported(path, "plain").Model(), calls, eager=True)
        live = run(module, calls)
        told = difference("live", eager, live)
        if told:
            return told
        is_python = bool(scriptkit.report(module).eager_calls)
        try:
            scriptkit.save(self._live(path, calls[0]), self.folder / f"{seed}.pt")
        except ScriptkitError:
            return "equal, in no file" + (" (runs as Python)" if is_python else "")
        return difference("file", eager, self._from_file(seed, calls)) or "equal"

    def _live(self, path: Path, example: tuple[Any, ...]) -> Any:
        module = _imported(path, "live").Model()
        return scriptkit.compile(module, copy.deepcopy(example), modes={"": "lowered"}) if self.lowered else module

    def _from_file(self, seed: int, calls: list[tuple[Any, ...]]) -> Any:
        if self.loader is None:
            command = [sys.executable, "-W", "ignore", "-c", _LOADER]
            self.loader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        base = self.folder / str(seed)
        torch.save(calls, f"{base}.calls")
        assert self.loader.stdin is not None and self.loader.stdout is not None  # noqa: S101, PT018 - pipes
        print(base, file=self.loader.stdin, flush=True)
        if self.loader.stdout.readline().strip() != "done":
            return [("died", None, ())], {}, []
        return torch.load(f"{base}.out", weights_only=False)


def inputs(seed: int) -> tuple[Any, ...]:
    """Arguments of `forward`."""
    generator = torch.Generator().manual_seed(seed)
    x, y, t = (torch.randint(-3, 4, (3,), generator=generator).float() for _ in range(3))
    n = int(torch.randint(-2, 5, (1,), generator=generator))
    words = ("ab", "", "x", "b a")
    return x, y, n, n / 2 + 0.25, n % 2 == 0, words[n % 4], [n, 2, 1], [t, t + 1], {"a": n, "b": 2}


def run(module: Any, calls: list[tuple[Any, ...]], *, eager: bool = False) -> Any:
    """What the calls gave or raised with the inputs afterwards, and the state in the end."""
    found: list[tuple[str, Any, Any]] = []
    with scriptkit.eager() if eager else _nothing():
        for arguments in copy.deepcopy(calls):
            try:
                found.append(("gave", copy.deepcopy(module(*arguments)), arguments))
            except Exception as error:  # noqa: BLE001 - every one is compared
                found.append(("raised", f"{type(error).__name__}: {error}", arguments))
                break
    state = {name: copy.deepcopy(getattr(module, name)) for name in _STATE}
    child = module.child
    return found, state, [child.total, child.held]


def _nothing() -> Any:
    import contextlib

    return contextlib.nullcontext()


def difference(form: str, expected: Any, actual: Any) -> str:
    """How the form differs, as an outcome; empty where it does not."""
    documented = ""
    for number, ((how, value, after), (how_there, value_there, after_there)) in enumerate(
        zip(expected[0], actual[0], strict=False)
    ):
        if how != how_there:
            if how == "raised" and how_there == "gave" and value.split(":")[0] in _MAY_BE_LOST:
                return f"documented: an exception of unused code is lost ({value.split(':')[0]}, {form})"
            if "raised" in (how, how_there):
                return f"BAD {form} exceptions: call {number}: {how} {value!r:.90}, {form} {how_there} {value_there!r:.200}"
            return f"BAD {form} {how_there}: call {number}"
        if how == "raised":
            if form == "live" and value.split(":")[0] != value_there.split(":")[0]:
                documented = f"documented type of exception: {value_there.split(':')[0]} for {value.split(':')[0]}"
            break
        if not same(value, value_there):
            return f"BAD {form} value: call {number}: {value!r:.150} became {value_there!r:.150}"
        if not same(after[: len(after_there)], after_there):
            return f"BAD {form} input: call {number}: {after!r:.300} became {after_there!r:.300}"
    if expected[1:] and not _is_huge(expected):
        for name, value in expected[1].items():
            if name in actual[1] and not same(value, actual[1][name]) and not (form == "file" and actual[1][name] is None):
                return f"BAD {form} state: {name}: {value!r:.150} became {actual[1][name]!r:.150}"
        if actual[2] and not same(expected[2], actual[2]):
            return f"BAD {form} state: child: {expected[2]!r:.150} became {actual[2]!r:.150}"
    return documented


def _is_huge(value: Any) -> bool:
    return isinstance(value, int) and abs(value) >= 2**63


def same(one: Any, other: Any) -> bool:
    """Whether values are equal in type and content; not-a-number equals itself."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and bool(((one == other) | (one.isnan() & other.isnan())).all())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return type(one) is type(other) and (one == other or (one != one and other != other))


def _imported(path: Path, name: str) -> ModuleType:
    name = f"{path.stem}_{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - it was just written
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Print how the programs ended; exit with 1 if one ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--lowered", action="store_true", help="as modules of other people, lowered")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    os.environ.setdefault("SCRIPTKIT_CHECK", "error")
    with tempfile.TemporaryDirectory() as folder:
        forms = Forms(Path(folder), lowered=arguments.lowered)
        seeds = range(arguments.first, arguments.first + arguments.programs)
        counts, failures = run_all(seeds, forms.outcome, _LIMITS)
    return report("lowered modules" if arguments.lowered else "modules", counts, failures)


if __name__ == "__main__":
    sys.exit(main())
