"""Functions of files beside the model, which compiled code calls, are held to the rules where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scriptkit.checking import check_paths

if TYPE_CHECKING:
    from pathlib import Path

HELPERS = """
import torch
from torch import Tensor


def halve(x: Tensor, by: int = 2) -> Tensor:
    half = lambda t: t / by
    return half(x)


def allowed(x: Tensor) -> Tensor:
    return (lambda t: t)(x)  # scriptkit: allow[lambda-expression]


def unused(x: Tensor) -> Tensor:
    return (lambda t: t)(x)


def right(x):
    return torch.relu(x)


def many(*xs: Tensor) -> Tensor:
    return xs[0]
"""
MODEL = """
from torch import Tensor, nn
{importing}


class Net({base}):
    def forward(self, x: Tensor) -> Tensor:
        return {call}
"""


def model(folder: Path, name: str, importing: str, call: str, base: str = "ScriptableModule") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"from scriptkit import ScriptableModule\n{importing}"
    path.write_text(MODEL.format(importing=head, call=call, base=base))
    return str(path)


@pytest.mark.parametrize(
    ("name", "importing", "call"),
    [
        ("model.py", "from helpers import halve", "halve(x)"),
        ("model.py", "import helpers", "helpers.halve(x)"),
        ("package/model.py", "from ..helpers import halve as half", "half(x, 3)"),
    ],
)
@pytest.mark.parametrize("base", ["ScriptableModule", "nn.Module"])
def test_a_mistake_in_a_function_of_another_file_is_found(
    tmp_path: Path, name: str, importing: str, call: str, base: str
) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    (found,) = check_paths([model(tmp_path, name, importing, call, base)], all_modules=base == "nn.Module")
    assert (found.path, found.line, found.name) == (str(tmp_path / "helpers.py"), 7, "lambda-expression")
    assert (found.method, found.class_name) == ("halve", "")


@pytest.mark.parametrize("called", ["allowed(x)", "right(x)", "many(x)", "missing(x)"])
def test_what_is_right_or_allowed_or_no_plain_function_is_not_told(tmp_path: Path, called: str) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    importing = "from helpers import allowed, halve, many, missing, right"
    assert check_paths([model(tmp_path, "model.py", importing, called)]) == []


def test_what_two_files_call_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    models = [model(tmp_path, f"model_{n}.py", "from helpers import halve", "halve(x)") for n in range(2)]
    assert len(check_paths(models)) == 1


def test_a_file_that_was_changed_is_read_again_and_one_that_does_not_parse_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text("def halve(:\n")
    path = model(tmp_path, "model.py", "from helpers import halve", "halve(x)")
    assert check_paths([path]) == []
    (tmp_path / "helpers.py").write_text(HELPERS)
    assert [one.name for one in check_paths([path])] == ["lambda-expression"]


def test_installed_files_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "site-packages"
    path = model(folder, "model.py", "from helpers import halve", "halve(x)")
    (folder / "helpers.py").write_text(HELPERS)
    assert check_paths([path]) == []
