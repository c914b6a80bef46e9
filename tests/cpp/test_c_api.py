"""The runtime called from C and from Fortran, through `scriptkit.h`: the examples print the numbers of Python."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
import torch

from tests.cpp.running import exported, needs_compiler, run, saved
from tests.cpp.test_guards import CASES

pytestmark = [pytest.mark.slow, needs_compiler]
EXAMPLES = Path(__file__).parents[2] / "examples" / "cpp"
INCLUDE = Path(__file__).parents[2] / "scriptkit" / "cpp" / "runtime" / "include"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a model that takes 3 x 4 numbers, and what it gives beside it."""
    program = exported(copy.deepcopy(CASES["linear"]))
    with torch.no_grad():
        result = program.module()(torch.arange(12.0).reshape(3, 4) / 10)
    folder = tmp_path_factory.mktemp("linear")
    torch.save(result, folder / "result.pt")
    return saved(program, folder / "model.pt2")


def built(compiler: str, source: Path, driver: Path, folder: Path) -> Path:
    """The example, linked with the runtime that the driver was built with."""
    libraries = Path(torch.__file__).parent / "lib"
    program = folder / source.stem
    link = [driver.parent / "runtime" / "libscriptkit_runtime.a", f"-L{libraries}", f"-Wl,-rpath,{libraries}"]
    objects = folder / f"{source.stem}.o"
    made = run(compiler, "-Wall", "-Wextra", "-Werror", "-c", source, f"-I{INCLUDE}", "-o", objects, folder=folder)
    assert made.returncode == 0, made.stderr
    libs = ["-Wl,--no-as-needed", "-ltorch", "-ltorch_cpu", "-lc10", "-lstdc++", "-lm", "-lpthread"]
    made = run(compiler, objects, *link, *libs, "-o", program)
    assert made.returncode == 0, made.stderr
    return program


@pytest.mark.parametrize(("compiler", "source"), [("gcc", "c_example.c"), ("gfortran", "fortran_example.f90")])
def test_an_example_prints_the_numbers_of_python(
    compiler: str, source: str, driver: Path, model: Path, tmp_path: Path
) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"needs {compiler}")
    program = built(compiler, EXAMPLES / source, driver, tmp_path)
    done = run(program, model)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = torch.load(model.parent / "result.pt").flatten().tolist()
    assert [float(line) for line in done.stdout.split()] == pytest.approx(expected, abs=1e-6)


def test_an_error_is_a_text(driver: Path, tmp_path: Path) -> None:
    program = built("gcc", EXAMPLES / "c_example.c", driver, tmp_path)
    done = run(program, tmp_path / "none.pt2")
    assert done.returncode == 1
    assert done.stderr.startswith("load: cannot open")
