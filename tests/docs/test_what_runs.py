"""What `docs/how-it-works.md` promises of runs: which door runs what, how often, and on whom; what is put back."""

from __future__ import annotations

import contextlib
import io
import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.live.undoing import nothing_left
from tests.docs import collected

PAGE = (Path(__file__).parent.parent.parent / "docs/how-it-works.md").read_text(encoding="utf-8")
PROMISE = PAGE.partition("## What runs your code")[2]
X = torch.randn(3, 4, generator=torch.Generator().manual_seed(1))
LOG: list[int] = []
TIMES = 0


class Plain(nn.Module):
    """Scripts; writes to what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        result: Tensor = self.layer(x)
        return result


class Foreign(Plain):
    """Does not script."""

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        result: Tensor = self.layer(x)
        return result


class Own(scriptkit.ScriptableModule):
    def __init__(self, child: nn.Module) -> None:
        super().__init__()
        self.child = child

    def forward(self, x: Tensor) -> Tensor:
        return self.child(x)  # type: ignore[no-any-return]


def runs(action: Callable[[], object], *classes: type[nn.Module]) -> list[int]:
    """On which object each Python run of a `forward` was."""
    codes = {cls.forward.__code__ for cls in classes or (Plain, Foreign)}
    found: list[Any] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in codes:
            found.append(frame.f_locals["self"])

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(before)
    return [id(one) for one in found]


def saved(module: nn.Module, **keywords: Any) -> io.BytesIO:
    file = io.BytesIO()
    scriptkit.save(module, file, **keywords)
    file.seek(0)
    return file


def says(text: str) -> bool:
    return text in " ".join(PROMISE.split())


def test_a_class_statement_a_report_and_a_load_run_nothing() -> None:
    assert says("| class statement, `check`, `report`, `load` | nothing of yours |")
    compiled = scriptkit.compile(Plain(), (X,))
    file = saved(compiled.eval())

    def nothing() -> None:
        scriptkit.report(compiled)
        scriptkit.load(file)
        scriptkit.check_source("class A: pass")
        type("Other", (Plain,), {})

    assert runs(nothing) == []


def test_save_runs_each_example_three_times_as_python() -> None:
    assert says(
        "each example three times in a row: as Python, compiled, and from the bytes of the file; `save` alone nothing"
    )
    compiled = scriptkit.compile(Plain().eval(), (X,))
    assert runs(lambda: saved(compiled)) == []
    found = runs(lambda: saved(compiled, example_inputs=(X,)))
    assert len(found) == 3
    assert id(compiled.inner) not in found


def test_verify_runs_lives_in_each_mode() -> None:
    assert says("three calls in a row, gradients, some twenty other inputs, double precision and exported methods")
    module = Plain()
    compiled = scriptkit.compile(module, (X,))
    found = runs(lambda: scriptkit.verify(compiled, (X,)))
    assert id(module) not in found
    assert 2 * (3 + 1 + 10) <= len(found) <= 2 * (3 + 1 + 40)
    assert module.calls == 0


@pytest.mark.parametrize(
    "door",
    [
        lambda m: scriptkit.compile(m, (X,)),
        lambda m: scriptkit.compile(m, (X,), modes={"": "trace"}),
        lambda m: scriptkit.export_program(m, (X,)),
        lambda m: scriptkit.readiness(m, (X,)),
    ],
)
@pytest.mark.parametrize("kind", [Plain, Foreign])
def test_what_is_tried_is_never_the_module_itself(kind: type[nn.Module], door: Callable[[nn.Module], object]) -> None:
    assert says("scriptkit never runs your module to try something out")
    module = kind().eval()

    def tried() -> None:
        with contextlib.suppress(scriptkit.ScriptkitError):
            door(module)

    assert id(module) not in runs(tried)


def test_the_first_call_of_a_pending_module_runs_it_once() -> None:
    assert says("The first call itself runs once, as you called it")
    child = Foreign()
    own = Own(child)
    assert "pending" in str(scriptkit.report(own))
    assert runs(lambda: own(X)).count(id(child)) == 1


def test_verify_and_save_compile_a_pending_module_as_its_first_call_would() -> None:
    assert says("A module that waits for its first call is compiled by `verify` and by `save(example_inputs=...)`")
    own = Own(Foreign()).eval()
    assert scriptkit.verify(own, (X,)).ok
    assert scriptkit.is_compiled(own)
    assert scriptkit.load(saved(Own(Foreign()).eval(), example_inputs=(X,)))(X).shape == (3, 4)
    pending = scriptkit.compile(Foreign().eval())
    assert scriptkit.verify(pending, (X,)).ok


def test_warming_up_calls_the_module_itself() -> None:
    assert says("the compiled module itself, five to thirty calls, with its hooks")
    seen = []
    own = Own(nn.Linear(4, 4))
    own.register_forward_hook(lambda *_: seen.append(1))
    scriptkit.warmup(own, (X,))
    assert 5 <= len(seen) <= 30


def _forward(x: Tensor) -> Tensor:
    global TIMES
    TIMES += 1
    LOG.append(1)
    collected.calls += 1
    collected.seen.append(TIMES)
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.set_num_threads(torch.get_num_threads() + 1)
    random.random()
    return x


class Everywhere(nn.Module):
    kept = 0

    def forward(self, x: Tensor) -> Tensor:
        type(self).kept += 1
        return _forward(x)


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_afterwards_all_is_as_it_was(error: type[BaseException] | None) -> None:
    assert says("Afterwards all is as it was, also after an exception, Ctrl-C or `time_limit`")
    assert says("what hooks, closures, class attributes and globals of your project collected")

    def state() -> tuple[Any, ...]:
        held = (Everywhere.kept, TIMES, list(LOG), collected.calls, list(collected.seen))
        return (*held, torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), random.getstate())

    module, before = Everywhere(), state()
    try:
        with nothing_left(module):
            module(X)
            assert state() != before
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert state() == before


class Writes(nn.Module):
    def forward(self, x: Tensor, **_: Any) -> Tensor:
        print("half-way")  # noqa: T201
        return x * 2


def test_what_cannot_be_undone_is_named() -> None:
    assert says("`verify` names the calls of yours that look like it: `report.not_undone`")
    report = scriptkit.verify(scriptkit.compile(Writes(), (X,), modes={"": "trace"}), (X,))
    [told] = report.not_undone
    assert told.startswith("test_what_runs.py:")
    assert told.endswith("(print)")
    assert f"ran, and cannot be undone: {told}" in str(report)


class Branches(scriptkit.ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 1e9:
            return x * 2
        return x


def test_what_no_run_took_is_told() -> None:
    assert says("and in the manifest of a file that was saved with example inputs")
    [told] = scriptkit.verify(Branches(), (X,)).unreached
    assert told.endswith("(x.sum() > 1000000000.0)")
    verification = scriptkit.load(saved(Branches().eval(), example_inputs=(X,))).manifest.verification
    assert verification is not None
    assert verification.unreached == [told]
