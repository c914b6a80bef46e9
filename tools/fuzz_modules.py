"""Compare random whole modules with Python: `python -m tools.fuzz_modules [--programs N] [--first SEED] [--lowered]`.

Each is called several times, with other inputs; results, inputs, state and exceptions are compared: live, and through
its file, which another process loads by torch alone. A program may be refused; it may never compute something else,
lose a write or hang. What the page "where compiled code differs" tells of (types of exceptions, for one) is counted.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import math
import os
import subprocess
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any

import torch

import scriptkit
from scriptkit.errors import ScriptkitError
from tools.fuzz_children import Limits, report, run_all
from tools.importing import imported
from tools.module_programs import Program

_CALLS = 3
_TENSORS = 7  # the list of tensors among the arguments
_LIMITS = Limits(memory=16 << 30, seconds=40)
_LOADER = """
import copy, sys, torch
torch.set_num_threads(1)
for line in sys.stdin:
    calls = torch.load(line.strip() + ".calls", weights_only=False)
    model = torch.jit.load(line.strip() + ".pt")
    found = []
    for arguments in calls:
        try:
            found.append(("gave", copy.deepcopy(model(*arguments)), copy.deepcopy(arguments[:2])))
        except Exception as error:
            found.append(("raised", str(error).strip().splitlines()[-1], arguments[:2]))
            break
    state = {}
    for name in "numbers names tensors table count rate flag word buffer rows groups maybe".split():
        try:
            state[name] = getattr(model, name)
        except Exception:
            state[name] = None
    child = [model.child.total, model.child.held] if hasattr(model.child, "total") else []
    torch.save((found, state, child), line.strip() + ".out")
    print("done", flush=True)
"""
_REFUSES = ("OtherCallError", "NotLoweredError", "was lowered for")
_MAY_BE_LOST = ("IndexError", "KeyError", "ZeroDivisionError", "ValueError", "OverflowError")
_STATE = "numbers names tensors table count rate flag word buffer rows groups maybe".split()


class Forms:
    """Makes the forms of one program."""

    def __init__(self, folder: Path, *, lowered: bool) -> None:
        self.folder, self.lowered = folder, lowered
        self.loader: subprocess.Popen[str] | None = None

    def outcome(self, seed: int) -> str:
        """How one program ends."""
        warnings.simplefilter("ignore")
        program = Program(seed, keeps_state=not self.lowered)
        text = program.text("nn.Module" if self.lowered else "ScriptableModule")
        path = self.folder / f"program_{seed}.py"
        path.write_text(text)
        calls = calls_of(seed, lowered=self.lowered)
        try:
            module = self._live(path, calls[0])
        except ScriptkitError as error:
            found = getattr(error, "diagnostics", ())
            return f"refused: {found[0].name if found else type(error).__name__}"
        except Exception:
            if self.lowered:  # its first call raises, and there is nothing to lower it by
                return "refused: the example raises"
            raise
        eager = run(imported(path, f"{path.stem}_plain").Model(), calls, eager=True)
        live = run(module, calls)
        told = difference("live", eager, live)
        if told:
            return told
        is_python = bool(scriptkit.report(module).eager_calls)
        try:
            scriptkit.save(self._live(path, calls[0]), self.folder / f"{seed}.pt")
        except ScriptkitError:
            return "equal, in no file" + (" (runs as Python)" if is_python else "")
        told = "equal, but runs as Python" if is_python else "equal"
        return difference("file", eager, self._from_file(seed, calls)) or told

    def _live(self, path: Path, example: tuple[Any, ...]) -> Any:
        module = imported(path, f"{path.stem}_live").Model()
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


def calls_of(seed: int, *, lowered: bool) -> list[tuple[Any, ...]]:
    """Arguments of all calls. A lowered form is made for numbers, texts and lengths: the last call only has others."""
    calls = [inputs(seed * 10 + number) for number in range(_CALLS)]
    if not lowered:
        return calls
    x_and_y, plain = slice(0, 2), slice(2, None)
    alike = [copy.deepcopy((*one[x_and_y], *calls[0][plain])) for one in calls]
    for one, other in zip(alike, calls, strict=True):
        one[_TENSORS][:] = other[_TENSORS]
    return [*alike, inputs(seed * 10 + _CALLS)]


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
    with scriptkit.eager() if eager else contextlib.nullcontext():
        for arguments in copy.deepcopy(calls):
            try:
                found.append(("gave", copy.deepcopy(module(*arguments)), copy.deepcopy(arguments)))
            except Exception as error:  # noqa: BLE001 - every one is compared
                frames = traceback.extract_tb(error.__traceback__)
                lines = [frame.lineno for frame in frames if "program_" in frame.filename]
                found.append(("raised", f"{type(error).__name__}:{lines[-1] if lines else 0}", arguments))
                break
    state = {name: copy.deepcopy(getattr(module, name)) for name in _STATE}
    child = module.child
    return found, state, [child.total, child.held]


def difference(form: str, expected: Any, actual: Any) -> str:
    """How the form differs, as an outcome; empty where it does not."""
    for number, (one, other) in enumerate(zip(expected[0], actual[0], strict=False)):
        if "raised" in (one[0], other[0]):
            told = _exceptions(form, one, other, is_other_call=number >= _CALLS)
        elif one[0] != other[0]:
            told = f"BAD {form} {other[0]}"
        elif not same(one[1], other[1]):
            told = f"BAD {form} value: {one[1]!r:.150} became {other[1]!r:.150}"
        elif not same(one[2][: len(other[2])], other[2]):
            told = f"BAD {form} input: {one[2]!r:.300} became {other[2]!r:.300}"
        else:
            continue
        if told is not None:
            return f"{told}, call {number}" if told.startswith("BAD") else told
    return _state(form, expected, actual)


def _exceptions(form: str, one: Any, other: Any, *, is_other_call: bool) -> str | None:
    """The outcome where one of two calls raised; None where both did, at the same line."""
    if one[0] == "gave" and any(words in other[1] for words in _REFUSES):
        return f"documented, {'another call is refused' if is_other_call else 'another arm is refused'}"
    if one[0] == "gave":
        return f"BAD {form} new exception: {other[1]!r:.200}"
    kind = one[1].partition(":")[0]
    if other[0] == "gave":
        is_told = kind in _MAY_BE_LOST
        return f"documented, lost exception {kind}" if is_told else f"BAD {form} lost exception: {one[1]!r:.100}"
    if form == "file":
        return ""
    return None if other[1] == one[1] else f"documented, another exception: ({one[1]}, {other[1]})"


def _state(form: str, expected: Any, actual: Any) -> str:
    for name, value in expected[1].items():
        there = actual[1].get(name)
        if not same(value, there) and not (form == "file" and there is None):
            return f"BAD {form} state: {name}: {value!r:.150} became {there!r:.150}"
    if actual[2] and not same(expected[2], actual[2]):
        return f"BAD {form} state: child: {expected[2]!r:.150} became {actual[2]!r:.150}"
    return ""


def same(one: Any, other: Any) -> bool:
    """Whether values are equal in type and content; not-a-number equals itself."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        is_alike = one.dtype == other.dtype and one.shape == other.shape
        return is_alike and bool(((one == other) | (one.isnan() & other.isnan())).all())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return type(one) is type(other) and bool(one == other)


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
