"""The wheel and the sdist hold what they promise, and an installed wheel works where there is no repository."""

from __future__ import annotations

import email
import email.message
import tarfile
import zipfile
from pathlib import Path

import pytest
from trove_classifiers import classifiers

import scriptkit
from tests.packaging.environment import ROOT, Environment, build

MODEL = """
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).relu()


def example() -> Net:
    torch.manual_seed(0)
    return Net().eval()
"""
PROGRAM = """
import pathlib, torch, scriptkit
from model import Net, example

assert "site-packages" in scriptkit.__file__, scriptkit.__file__
net, x = example(), torch.rand(3, 4)
assert scriptkit.is_compiled(net)
net.save("net.pt")
assert torch.equal(scriptkit.load("net.pt")(x), net(x))
print(scriptkit.__version__, scriptkit.verify(net, (x,)).passed)
"""
HIDDEN = (".pre-commit-hooks.yaml", ".pre-commit-config.yaml", ".github/ISSUE_TEMPLATE/bug.yml")
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "docs/map.md", "docs/levels.svg")
BROKEN = MODEL.replace("self.fc(x).relu()", "(lambda t: t)(x)")


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as an index would: from the unpacked sdist."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    return build(tree, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return Environment(tmp_path_factory.mktemp("environment"), wheel)


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_the_wheel_holds_every_file_of_the_package_also_those_that_are_no_code(wheel: Path) -> None:
    package = {str(f.relative_to(ROOT)) for f in (ROOT / "scriptkit").rglob("*") if f.is_file()}
    expected = {name for name in package if "__pycache__" not in name}
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if name.startswith("scriptkit/")} == expected
    assert {"scriptkit/py.typed", "scriptkit/language/tables/2.13.json.z"} <= expected
    assert any(name.startswith("scriptkit/cpp/templates/") for name in expected)


def test_the_sdist_holds_what_its_tests_and_its_site_need(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("README.md", "LICENSE", "CHANGELOG.md", "Makefile", "constraints.txt", *HIDDEN, *PAGES):
        assert needed in names
    assert {"tests/conftest.py", "docs/conf.py", "examples/residual.py", "tools/readme.py"} <= names
    assert not any(part in name for name in names for part in (".venv/", "__pycache__", "docs/_build"))


def test_the_metadata_tell_version_licence_and_python(metadata: email.message.Message) -> None:
    assert metadata["Name"] == "scriptkit"
    assert metadata["Version"] == scriptkit.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_every_classifier_exists(metadata: email.message.Message) -> None:
    told = set(metadata.get_all("Classifier", []))
    assert told <= classifiers
    assert {"Typing :: Typed", "Framework :: Pytest"} <= told
    pythons = {c.rpartition(" :: ")[2] for c in told if c.startswith("Programming Language :: Python :: 3.")}
    assert pythons == {"3.10", "3.11", "3.12", "3.13"}


def test_the_extras_are_those_of_the_documentation(metadata: email.message.Message) -> None:
    named = {"mypy", "pytest", "sign", "onnx", "inspect", "lsp", "docs", "dev"}
    assert set(metadata.get_all("Provides-Extra", [])) == named


def test_python_3_10_gets_a_reader_of_toml(metadata: email.message.Message) -> None:
    (tomli,) = (need for need in metadata.get_all("Requires-Dist", []) if need.startswith("tomli"))
    assert "python_version < '3.11'" in tomli.replace('"', "'")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "broken.py").write_text(BROKEN)
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def test_an_installed_scriptkit_compiles_saves_loads_and_verifies(environment: Environment, folder: Path) -> None:
    result = environment.run("python -W error -W 'ignore:`torch.jit' program.py", folder)
    assert result.stdout == f"{scriptkit.__version__} True\n", result.stderr


def test_the_installed_command_knows_its_rules_and_its_templates(environment: Environment, folder: Path) -> None:
    assert environment.run("python program.py", folder).returncode == 0
    checked = environment.run("scriptkit check broken.py", folder)
    assert checked.returncode == 1
    assert "error[SK502]: `lambda t: t` cannot be compiled" in checked.stdout
    assert environment.run("scriptkit explain SK502", folder).returncode == 0
    assert environment.run("scriptkit new-cpp net.pt -o cpp", folder).returncode == 0
    assert (folder / "cpp" / "CMakeLists.txt").is_file()
    told = environment.run("scriptkit --version && scriptkit doctor", folder)
    assert told.returncode == 0, told.stderr
    assert f"scriptkit, version {scriptkit.__version__}" in told.stdout


def test_the_installed_package_alone_is_enough_to_check(environment: Environment, folder: Path) -> None:
    """`scriptkit check` runs where torch is missing: in a pre-commit hook, in an editor."""
    hidden = "import sys; sys.modules['torch'] = None; from scriptkit.cli import main; main(['check', 'broken.py'])"
    result = environment.run(f'python -c "{hidden}"', folder)
    assert result.returncode == 1
    assert "1 error, 1 file checked" in result.stdout
