"""What an installed scriptkit promises: one version, typed, public names that exist, and a light import."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import scriptkit

ROOT = Path(__file__).parent.parent
PROMISED = {
    *("ScriptableModule", "Final", "export", "ignore", "unused", "script", "traced", "scripted"),
    *("compile", "report", "to_torchscript", "save", "load", "verify", "warmup", "pinned", "eager", "is_compiled"),
    *("check_source", "check_paths"),
    *("ScriptkitError", "ScriptabilityError", "CompilationError", "TraceHazardError", "VerificationError"),
    *("ArtifactError", "ScriptkitWarning", "ScriptkitEagerWarning", "InputError", "LoadedModule"),
    *("optimize", "OptimizedModule", "inspect", "Inspection", "bench", "BenchReport"),
    *("export_program", "export_onnx", "readiness", "ExportError", "ExportedModule", "OnnxReport", "ReadinessReport"),
}


def in_a_fresh_interpreter(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return result.stdout.strip()


def test_every_public_name_is_importable() -> None:
    for name in scriptkit.__all__:
        assert getattr(scriptkit, name) is not None


def test_the_public_names_are_sorted_and_unique() -> None:
    assert list(scriptkit.__all__) == sorted(set(scriptkit.__all__))


def test_dir_shows_the_public_names() -> None:
    assert set(scriptkit.__all__) <= set(dir(scriptkit))


def test_no_public_name_is_outside_the_contract() -> None:
    assert set(scriptkit.__all__) <= PROMISED | {"__version__"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        getattr(scriptkit, "no_such_name")  # noqa: B009


def test_importing_scriptkit_loads_neither_torch_nor_mypy() -> None:
    code = "import scriptkit, sys, json; print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    loaded = set(json.loads(in_a_fresh_interpreter(code)))
    assert "scriptkit" in loaded
    assert not loaded & {"torch", "numpy", "mypy", "pydantic", "rich", "click", "libcst"}


def test_importing_a_public_name_compiles_nothing() -> None:
    code = (
        "import scriptkit, torch\n"
        "torch._C._create_module_with_type = torch.jit.script = None\n"
        "for name in scriptkit.__all__: getattr(scriptkit, name)\n"
        "from torch.jit._recursive import concrete_type_store\n"
        "print(len(concrete_type_store.type_store))"
    )
    assert in_a_fresh_interpreter(code) == "0"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("scriptkit.compiling.report", ("CompileReport", "ReportRow")),
        ("scriptkit.authoring.marks", ("Mark",)),
        ("scriptkit.verification", ("VerificationReport", "verify")),
        ("scriptkit.diagnostics", ("Diagnostic", "render_all")),
        ("scriptkit.errors", ("source_text",)),
        ("scriptkit.testing", ("assert_scriptable", "assert_same_outputs")),
    ],
)
def test_a_name_is_found_where_pages_or_pickles_named_it(path: str, names: tuple[str, ...]) -> None:
    module = importlib.import_module(path)
    for name in names:
        assert getattr(module, name) is not None


def test_a_mark_is_read_from_a_pickle_that_names_its_first_place() -> None:
    written = b"".join(
        [
            b"cscriptkit.authoring.marks\nMark\n)\x81}(X\x04\x00\x00\x00modeX\x05\x00\x00\x00trace",
            b"X\x0e\x00\x00\x00example_inputsNX\x0e\x00\x00\x00example_kwargs}ub.",
        ]
    )
    mark = pickle.loads(written)
    assert mark.mode == "trace"
    assert type(mark).__module__ == "scriptkit.live.marks"


def test_the_version_comes_from_one_place() -> None:
    assert importlib.metadata.version("scriptkit") == scriptkit.__version__
    assert f'"{scriptkit.__version__}"' not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_changelog_begins_with_this_version() -> None:
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if line.startswith("## ")]
    assert headings[0].startswith(f"## {scriptkit.__version__}")


def test_the_pinned_environment_names_torch_exactly() -> None:
    """A plain `torch` would bring gigabytes of CUDA, and other words from another compiler."""
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names of the files in a wheel built from this tree."""
    out = tmp_path_factory.mktemp("wheel")
    from hatchling.builders.wheel import WheelBuilder

    built = next(WheelBuilder(str(ROOT)).build(directory=str(out), versions=["standard"]))
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_the_wheel_says_that_it_is_typed(wheel: list[str]) -> None:
    assert "scriptkit/py.typed" in wheel


def test_the_wheel_holds_every_file_of_the_package(wheel: list[str]) -> None:
    files = {str(f.relative_to(ROOT)) for f in (ROOT / "scriptkit").rglob("*.py")}
    assert files <= set(wheel)
    assert {name.split("/")[0] for name in wheel} == {"scriptkit", f"scriptkit-{scriptkit.__version__}.dist-info"}


def test_the_wheel_carries_the_licence(wheel: list[str]) -> None:
    assert any(name.endswith("/licenses/LICENSE") for name in wheel)


def test_every_make_target_of_the_contract_exists() -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    targets = {line.partition(":")[0] for line in lines if ":" in line and not line.startswith(("\t", "#", "."))}
    assert {"demo", "test", "check", "docs", "bench"} <= targets


def test_the_command_points_at_something_callable() -> None:
    entry = next(e for e in importlib.metadata.entry_points(group="console_scripts") if e.name == "scriptkit")
    assert callable(getattr(importlib.import_module(entry.module), entry.attr))


def test_the_reference_page_names_every_public_name() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    named = {line.partition("scriptkit.")[2] for line in page.splitlines() if line.startswith((".. auto", ".. py:"))}
    assert {name for name in named if "." not in name} == set(scriptkit.__all__) - {"__version__"}
