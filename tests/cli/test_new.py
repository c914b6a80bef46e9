"""`scriptkit new` writes a module that passes its own check and its own test, and overwrites nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scriptkit import check_paths
from scriptkit.cli import main


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, where the command runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def new(module: str) -> Result:
    return CliRunner().invoke(main, ["new", module])


@pytest.mark.parametrize(
    ("module", "file", "imported", "name"),
    [
        ("encoder", "encoder.py", "encoder", "Encoder"),
        ("nets.sparse_encoder", "nets/sparse_encoder.py", "nets.sparse_encoder", "SparseEncoder"),
        ("src/nets/encoder.py", "src/nets/encoder.py", "nets.encoder", "Encoder"),
    ],
)
def test_a_name_or_a_file_says_where_the_module_goes(module: str, file: str, imported: str, name: str) -> None:
    result = new(module)
    assert result.exit_code == 0
    assert f"class {name}(ScriptableModule):" in Path(file).read_text()
    assert f"from {imported} import {name}" in Path(f"test_{Path(file).name}").read_text()


def test_the_test_goes_where_tests_are(folder: Path) -> None:
    (folder / "tests").mkdir()
    assert new("encoder").exit_code == 0
    assert (folder / "tests" / "test_encoder.py").is_file()


def test_what_is_written_has_no_problems_and_passes_its_test(folder: Path) -> None:
    assert new("encoder").exit_code == 0
    assert check_paths([folder], all_modules=True) == []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_encoder.py"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "5 passed" in result.stdout, result.stdout


def test_nothing_is_overwritten(folder: Path) -> None:
    (folder / "test_encoder.py").write_text("mine")
    result = new("encoder")
    assert result.exit_code == 2
    assert "`test_encoder.py` exists; nothing was written" in result.output
    assert not (folder / "encoder.py").exists()


@pytest.mark.parametrize("module", ["my encoder", "class", "", "../encoder.py", ".py"])
def test_what_cannot_be_imported_is_refused(module: str, folder: Path) -> None:
    result = new(module)
    assert result.exit_code == 2
    assert "is no name of a module" in result.output
    assert list(folder.iterdir()) == []
