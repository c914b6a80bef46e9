"""Generated modules that write to themselves: no door leaves anything of them changed."""

import pytest

from tools.fuzz_lives import DOORS, Case, changed, main

CHANGED_ONCE = (77_044, 77_212, 77_217, 77_276)
"""Seeds of modules that a warm-up left changed."""


@pytest.mark.parametrize("seed", [*range(24), *CHANGED_ONCE])
def test_nothing_is_changed(seed: int) -> None:
    found, said = changed(Case.of(seed))
    assert not found, said


def test_the_cases_are_many(capsys: pytest.CaptureFixture[str]) -> None:
    cases = [Case.of(seed) for seed in range(300)]
    assert {case.door for case in cases} == set(DOORS)
    assert {(case.training, case.raises, case.nested) for case in cases} == {
        (training, raises, nested) for training in (True, False) for raises in (True, False) for nested in (True, False)
    }
    assert str(Case(7, "trace", training=True, raises=True, nested=False)) == "seed 7: trace, train, raises"
    assert main(["--count", "1"]) == 0
    assert "1 modules: 1" in capsys.readouterr().out


def test_a_door_that_changes_a_module_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DOORS, "compile", lambda module: module.inner.weight.data.add_(1))
    found, _ = changed(Case(1, "compile", training=False, raises=False, nested=False))
    assert found == ["inner.weight"]


def test_a_command_is_given_a_copy_and_tells_its_refusal() -> None:
    case = Case(3, "compile command", training=False, raises=True, nested=False)
    found, said = changed(case)
    assert found == []
    assert said == "" or said.startswith("ScriptkitError: exit code")


def test_one_door_alone_may_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--count", "2", "--door", "inspect"]) == 0
    assert "2 modules" in capsys.readouterr().out
