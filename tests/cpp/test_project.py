"""`scriptkit new-cpp model.pt2`: a project that builds and replays, whose functions have types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cpp.files.make import exported_net
from tests.cpp.running import build, configure, needs_compiler, run

pytest.importorskip("scriptkit.engines.export.programs")

from click.testing import CliRunner

from scriptkit.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the golden model, as the installed torch writes it: an older one does not read the golden file."""
    folder = tmp_path_factory.mktemp("project") / "net"
    exported_net().save(folder.with_suffix(".pt2"))
    done = CliRunner().invoke(main, ["new-cpp", str(folder.with_suffix(".pt2")), "-o", str(folder)])
    assert done.exit_code == 0, done.output
    return folder


def test_functions_have_the_types_of_all_programs(project: Path) -> None:
    header = (project / "net.hpp").read_text()
    assert "at::Tensor forward(const at::Tensor& x, double scale = 2.0) const" in header
    assert "std::tuple<Encoded, std::vector<at::Tensor>, std::int64_t> encode(" in header
    assert "const scriptkit::Dict<at::Tensor>& extra) const" in header
    assert "struct Encoded {\n  at::Tensor hidden;\n  at::Tensor seen;\n};" in header


def test_no_word_of_torchscript_is_in_it(project: Path) -> None:
    sources = [path for kind in ("*.cpp", "*.hpp", "*.c", "*.h") for path in project.rglob(kind)]
    assert len(sources) > 30
    assert [path for path in sources if "torch::jit" in path.read_text() or "torch/script.h" in path.read_text()] == []


@needs_compiler
@pytest.mark.slow
def test_it_builds_and_its_tests_pass(project: Path) -> None:
    configure(project, project / "build", "-DCMAKE_CXX_FLAGS=-O0 -g0 -Werror")
    build(project / "build", "all")
    assert run(project / "build" / "main").stdout == "forward returned a tensor of shape [6, 8]\n"
    tested = run("ctest", "--output-on-failure", folder=project / "build")
    assert "100% tests passed" in tested.stdout, tested.stdout
    replayed = run(project / "build" / "replay_test", project)
    assert {line.partition(": ")[2] for line in replayed.stdout.splitlines()} == {"equal to the last bit"}
