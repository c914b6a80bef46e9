"""`scriptkit doctor` says what does not fit, and exits with 1 where something does not."""

from __future__ import annotations

import platform
import shutil
import sys

import pytest
from click.testing import CliRunner, Result

from scriptkit.cli import doctor, main


def run(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> Result:
    """The command, where these packages have these versions."""
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda package: versions.get(package, real(package)))
    return CliRunner().invoke(main, ["doctor"])


def test_what_is_installed_here_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(monkeypatch)
    assert result.exit_code == 0
    assert "problem" not in result.output


@pytest.mark.parametrize(
    ("versions", "code", "told"),
    [
        ({"torch": None}, 1, "problem  torch is not installed; `scriptkit check` works without it"),
        ({"torch": "2.7.1"}, 1, "problem  torch 2.7.1; 2.8 is the oldest supported"),
        ({"torch": "2.12.0+cpu"}, 0, "ok       torch 2.12.0+cpu, whose language the rules know"),
        ({"torch": "2.99.0a0.dev1"}, 0, "torch 2.99.0a0.dev1; the rules know up to 2.15, so class statements warn"),
        ({"mypy": None}, 0, "mypy is not installed; it is needed for the plugin only"),
        ({"mypy": "1.11.2"}, 0, "the plugin is made for 2.4, and reports less with others"),
    ],
)
def test_another_version_is_judged(
    versions: dict[str, str | None], code: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(monkeypatch, **versions)
    assert told in result.output
    assert result.exit_code == code


def test_a_package_that_is_not_there_has_no_version() -> None:
    assert doctor._version("no-such-package-anywhere") is None


def test_an_unsupported_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    monkeypatch.setattr(platform, "python_version", lambda: "3.14.0")
    assert doctor._python() == (False, "Python 3.14.0; torch.jit supports 3.10 to 3.13")


def test_a_missing_compiler_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    result = run(monkeypatch)
    assert result.exit_code == 0
    assert "no C++ compiler; it is needed to build what `new-cpp` writes" in result.output
