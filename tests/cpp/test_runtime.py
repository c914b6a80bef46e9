"""The portable runtime gives what Python gives, to the last bit, for plain files of `torch.export.save`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cpp.models import cases
from tests.cpp.running import exported, needs_compiler, recorded, run, saved

pytestmark = [pytest.mark.slow, needs_compiler]


@pytest.mark.parametrize("name", list(cases()))
def test_every_call_gives_the_same_bits(name: str, driver: Path, tmp_path: Path) -> None:
    case = cases()[name]
    program = exported(case)
    calls = [(arguments, case.named) for arguments in (case.example, *case.others, case.example)]
    model = saved(program, tmp_path / "model.pt2")
    done = run(driver, "replay", model, recorded(program, calls, tmp_path / "calls"))
    assert done.stdout.splitlines() == ["equal"] * len(calls), done.stdout + done.stderr
