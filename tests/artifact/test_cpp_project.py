"""The C++ project: it builds without a warning against the installed torch, and gives Python's results bit for bit.

LibTorch's headers take ten seconds to compile. So the programs of eight projects are included into one, and of one
project alone the replay test is built as its own CMakeLists.txt says.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import nn

from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.cpp.project import new_cpp_project
from scriptkit.errors import ArtifactError
from tests.artifact import models
from tests.artifact.conftest import Saved

WHOLE = "traced"
TOGETHER = """
cmake_minimum_required(VERSION 3.19)
project(together CXX)
set(CMAKE_CXX_STANDARD 17)
add_subdirectory({whole} EXCLUDE_FROM_ALL)
include(${{CMAKE_CURRENT_SOURCE_DIR}}/{whole}/LibTorch.cmake)
add_executable(together together.cpp)
target_compile_options(together PRIVATE -Wall -Wextra)
target_link_libraries(together PRIVATE LibTorch::LibTorch)
"""
MAIN = """
int main(int argc, char** argv) {{
  const std::string what = argv[1];
  if (what == "main") return {whole}_main(argc - 1, argv + 1);
  if (what == "image") return {whole}_image_example(argc - 1, argv + 1);
  const std::string folder = argv[2];
  try {{
    if (what == "raise") scripted::Scripted(folder + "/scripted/model.pt").forward(at::zeros({{101, 4}}));
    int failures = 0;
    {calls}
    return failures;
  }} catch (const std::exception& error) {{
    std::cerr << error.what();
    return 9;
  }}
}}
"""
needs_compiler = pytest.mark.skipif(
    os.name != "posix" or not (shutil.which("cmake") and shutil.which("g++")), reason="needs cmake and g++"
)


class Built(NamedTuple):
    """The folder of the projects, where they were built, and what cmake said."""

    folder: Path
    build: Path
    log: str


def run(*command: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def projects(saved: Mapping[str, Saved], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One generated project per model."""
    folder = tmp_path_factory.mktemp("cpp")
    for name, (_, _, path) in saved.items():
        new_cpp_project(path, folder / name)
    return folder


def included_program(source: Path) -> str:
    """The program as a function of another one, `traced_main_main` for `main` of `traced/main.cpp`."""
    model = source.parent / "model.pt"
    function = f"{source.parent.name}_{source.stem}"
    return (
        f'#define main {function}\n#define MODEL_FILE "{model}"\n#include "{source}"\n#undef main\n#undef MODEL_FILE\n'
    )


@pytest.fixture(scope="module")
def built(projects: Path) -> Built:
    """All projects, built once."""
    names = sorted(path.name for path in projects.iterdir())
    programs = [projects / name / program for name in names for program in ("replay_test.cpp", "main.cpp")]
    included = map(included_program, [*programs, projects / WHOLE / "image_example.cpp"])
    calls = "\n    ".join(f'failures += {name}::replay_all(folder + "/{name}", 0);' for name in names)
    (projects / "together.cpp").write_text("".join(included) + MAIN.format(calls=calls, whole=WHOLE))
    (projects / "CMakeLists.txt").write_text(TOGETHER.format(whole=WHOLE))
    build = projects / "build"
    settings = [f"-DCMAKE_PREFIX_PATH={torch.utils.cmake_prefix_path}", "-DCMAKE_BUILD_TYPE=Debug"]
    configured = run("cmake", "-S", projects, "-B", build, *settings, "-DCMAKE_CXX_FLAGS=-Werror -O0 -g0")
    assert configured.returncode == 0, configured.stderr
    made = run("cmake", "--build", build, "--parallel", "2", "--target", "together", "replay_test")
    assert made.returncode == 0, (made.stdout + made.stderr)[-4000:]
    return Built(projects, build, made.stdout + made.stderr)


@needs_compiler
def test_it_builds_without_a_warning(built: Built) -> None:
    assert "warning" not in built.log


@needs_compiler
def test_every_method_of_eight_models_gives_the_same_bits(built: Built, saved: Mapping[str, Saved]) -> None:
    done = run(built.build / "together", "replay", built.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == sum(len(entry.examples) for entry in saved.values())
    assert {line.partition(": ")[2] for line in lines} == {"equal to the last bit"}


@needs_compiler
def test_an_exception_shows_the_python_line(built: Built) -> None:
    done = run(built.build / "together", "raise", built.folder)
    assert done.returncode == 9
    assert re.search(r'File "models\.py", line \d+, in forward', done.stderr)
    assert 'raise ValueError("a batch of more than 100")' in done.stderr


@needs_compiler
def test_the_programs_of_a_project_run(built: Built) -> None:
    together = built.build / "together"
    assert run(together, "main").stdout == "forward returned a tensor of shape [2, 4]\n"
    assert run(together, "image").stdout == "forward returned a tensor of shape [1, 4]\n"
    tested = run("ctest", "--output-on-failure", folder=built.build / WHOLE)
    assert "100% tests passed" in tested.stdout, tested.stdout


@needs_compiler
def test_a_missing_and_a_damaged_model_are_reported(built: Built, tmp_path: Path) -> None:
    program = built.build / "together"
    missing = run(program, "main", tmp_path / "none.pt")
    assert missing.returncode == 1
    assert "cannot load" in missing.stderr
    damaged = tmp_path / "damaged.pt"
    damaged.write_bytes((built.folder / WHOLE / "model.pt").read_bytes()[:1000])
    assert "cannot load" in run(program, "main", damaged).stderr


@needs_compiler
def test_a_changed_weight_fails_the_replay(built: Built, tmp_path: Path) -> None:
    """The replay test can fail."""
    folder = tmp_path / "changed"
    shutil.copytree(built.folder / WHOLE, folder)
    changed = load(folder / "model.pt")
    with torch.no_grad():
        next(changed.parameters()).add_(1)
    save(changed.module, folder / "model.pt")
    done = run(built.build / WHOLE / "replay_test", folder)
    assert done.returncode == 1
    assert "largest difference" in done.stdout


@needs_compiler
def test_the_linux_preset_configures(projects: Path, tmp_path: Path) -> None:
    folder = tmp_path / "preset"
    shutil.copytree(projects / WHOLE, folder)
    environment = os.environ | {"LIBTORCH": torch.utils.cmake_prefix_path}
    command = ["cmake", "--preset", "linux"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "build" / "Makefile").exists()


def test_the_presets_say_what_is_not_tested(projects: Path) -> None:
    presets = json.loads((projects / WHOLE / "CMakePresets.json").read_text())["configurePresets"]
    assert {preset["name"]: "not tested" in preset["displayName"] for preset in presets} == {
        "linux": False,
        "windows": True,
    }


def test_types_and_defaults_are_those_of_the_methods(projects: Path) -> None:
    header = (projects / "scripted" / "scripted.hpp").read_text()
    flat = re.sub(r"\s+", " ", header).replace("( ", "(")
    assert "at::Tensor forward(const at::Tensor& x, double scale = 2.0, " in flat
    assert "const std::optional<at::Tensor>& shift = std::nullopt)" in flat
    assert (
        "std::tuple<at::Tensor, std::vector<std::string>> classify(const at::Tensor& x, std::int64_t top = 1)" in flat
    )
    assert "scriptkit::Dict<std::string, at::Tensor> embed(" in flat
    assert 'const std::string& how = std::string("sum"))' in flat
    assert (
        "// forward(pair: Tuple[Tensor, Optional[int]]) -> Scored\n" in (projects / "named" / "named.hpp").read_text()
    )
    assert max(map(len, header.splitlines())) <= 120
    assert "void forward(" in (projects / "nothing" / "nothing.hpp").read_text()
    assert (
        "struct Scored {\n  at::Tensor score;\n  std::int64_t number;\n};"
        in (projects / "named" / "named.hpp").read_text()
    )


def test_names_that_cpp_has_taken_get_an_underscore(tmp_path: Path) -> None:
    class Awkward(nn.Module):
        def forward(self, double: torch.Tensor, default: int = 1) -> torch.Tensor:
            return double * default

        @torch.jit.export
        def delete(self, at: int = -3, big: float = float("inf")) -> float:
            return at + big

    save(torch.jit.script(Awkward()), tmp_path / "model.pt")
    new_cpp_project(tmp_path / "model.pt", tmp_path / "project")
    header = (tmp_path / "project" / "awkward.hpp").read_text()
    assert "forward(const at::Tensor& double_, std::int64_t default_ = 1)" in header
    assert "double delete_(std::int64_t at_ = -3, double big = std::numeric_limits<double>::infinity())" in header


def test_a_folder_that_is_not_empty_is_left_alone(saved: Mapping[str, Saved], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(ArtifactError, match="exists and is not an empty folder"):
        new_cpp_project(saved["listed"].path, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_refused_file_makes_no_project(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(models.Listed()), tmp_path / "plain.pt")
    with pytest.raises(ArtifactError, match="no scriptkit manifest"):
        new_cpp_project(tmp_path / "plain.pt", tmp_path / "project")
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize(("shape", "has_image"), [((1, 3, 8, 8), True), ((1, 8), False)])
def test_a_model_of_images_alone_gets_an_image_example(shape: tuple[int, ...], has_image: bool, tmp_path: Path) -> None:
    save(torch.jit.script(nn.Sequential(nn.ReLU())), tmp_path / "model.pt", example_inputs=(torch.rand(shape),))
    written = new_cpp_project(tmp_path / "model.pt", tmp_path / "project")
    assert ("image_example.cpp" in {path.name for path in written}) == has_image
    assert ("image_example" in (tmp_path / "project" / "CMakeLists.txt").read_text()) == has_image
