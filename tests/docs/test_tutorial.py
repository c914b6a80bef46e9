"""The tutorial, followed to the letter in an empty folder: from `pip install` to C++ with the numbers of Python."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.packaging.environment import ROOT, build
from tools.tutorial import PAGE, Shell, TutorialError, compare, follow

needs_compiler = pytest.mark.skipif(
    os.name != "posix" or not (shutil.which("cmake") and shutil.which("g++")), reason="needs cmake and g++"
)


@pytest.mark.slow
@needs_compiler
def test_every_command_works_and_cpp_prints_the_numbers_of_python(tmp_path: Path) -> None:
    wheels, folder = tmp_path / "wheels", tmp_path / "empty"
    wheels.mkdir()
    folder.mkdir()
    told = follow(PAGE.read_text(encoding="utf-8"), folder, build(ROOT, wheels, "wheel"))
    forecast = told["python train.py"].splitlines()[-1]
    assert forecast.startswith("forecast: ")
    assert told["cpp/build/main"].strip() == forecast


def test_other_words_are_noticed() -> None:
    with pytest.raises(TutorialError, match="prints something else"):
        compare("no problems\n", "1 error\n", "here")


@pytest.mark.parametrize(
    ("expected", "printed"),
    [
        ("a\n...\nb\n", "a\nb\n"),
        ("a\n...\nb\n", "a\n1\n2\nb\n"),
        ("loss 0.5000", "loss 0.5010"),
        ("4 passed in 1.00s", "4 passed in 9.99s"),
    ],
)
def test_what_may_differ_from_run_to_run_is_let_pass(expected: str, printed: str) -> None:
    compare(expected, printed, "here")


def test_a_number_that_is_far_off_is_noticed() -> None:
    with pytest.raises(TutorialError, match=r"prints 0\.6, not 0\.5"):
        compare("loss 0.5", "loss 0.6", "here")


def test_a_command_that_fails_stops_the_walk(tmp_path: Path) -> None:
    page = "```sh\ntrue\nfalse\n```\n"
    with pytest.raises(TutorialError, match="line 1: `false` ended with 1"):
        follow(page, tmp_path, tmp_path / "no.whl", tell=lambda _: None)


def test_what_a_command_sets_lasts(tmp_path: Path) -> None:
    shell = Shell(tmp_path, tmp_path / "no.whl")
    assert shell.type("word=there; cd /") == (0, "")
    assert shell.type("echo $word; pwd; false") == (1, "there\n/\n")
    shell.close()
