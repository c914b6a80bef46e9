"""Findings neither vanish nor linger: caches, import cycles, workers, followed imports, the daemon."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from mypy.dmypy_server import Server, process_start_options

from scriptkit.mypy import codes
from tests.mypy.project import Project, after_checking, read, short

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
    from torch import Tensor
    from scriptkit import ScriptableModule

    class Net(ScriptableModule):
        def forward(self, x: Tensor) -> Tensor:
            return x
"""
BAD = GOOD.replace("return x", "return (lambda t: t)(x)")
FINDING = "6 scriptkit-lambda-expression"


def test_a_warm_run_tells_the_findings_again(project: Project) -> None:
    project.write(a=BAD, b=GOOD)
    assert project.codes() == [f"a.py:{FINDING}"]
    assert project.codes() == [f"a.py:{FINDING}"]


def test_an_edit_is_seen_and_so_is_the_repair(project: Project) -> None:
    project.write(a=BAD, b=GOOD)
    project.check()
    project.write(a=GOOD, b=BAD)
    assert project.codes() == [f"b.py:{FINDING}"]
    project.write(b=GOOD)
    assert project.codes() == []


@pytest.mark.parametrize("order", [["a.py", "b.py"], ["b.py", "a.py"]])
def test_another_engine_judges_again_also_files_that_one_run_left_out(
    project: Project, monkeypatch: pytest.MonkeyPatch, order: list[str]
) -> None:
    """Mypy's own snapshot of plugins is renewed by the first run; the digest is kept with each file."""
    project.write(a=BAD, b=BAD)
    project.check()
    monkeypatch.setattr("scriptkit.checking.judging.judge_here", lambda *_, **__: [])
    monkeypatch.setattr(codes, "digest", lambda: "another")
    for file in order:
        assert project.codes(file) == []


def test_other_settings_judge_again(project: Project) -> None:
    project.write(a=BAD.replace("(ScriptableModule)", "(nn.Module)").replace("import Tensor", "import Tensor, nn"))
    assert project.codes() == []
    project.settings = "all_modules = true\n"
    project.write()
    assert project.codes() == [f"a.py:{FINDING}"]


def test_import_cycles(project: Project) -> None:
    project.write(a=BAD + "\n    import b\n", b=BAD + "\n    from a import Net as Other\n")
    assert project.codes() == [f"a.py:{FINDING}", f"b.py:{FINDING}"]


def test_a_base_that_is_defined_after_a_cycle(project: Project) -> None:
    """`Sub` is analysed before its base is known, and again when it is."""
    sub = BAD.replace("import ScriptableModule", "import ScriptableModule\n    from b import Base").replace(
        "(Scr", "(Base, Scr"
    )
    project.write(a=sub, b="import a\nfrom scriptkit import ScriptableModule\nclass Base(ScriptableModule): ...\n")
    assert project.codes() == ["a.py:7 scriptkit-lambda-expression"]


def by_workers(project: Project) -> list[str]:
    """What two workers say; on a busy machine mypy may not wait long enough for them to start."""
    command = [sys.executable, "-m", "mypy", *project.arguments("--num-workers", "2")]
    for _ in range(5):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if "Cannot connect to build worker" not in done.stderr:
            return [short(found) for found in read(done.stdout)]
    pytest.skip("mypy's workers do not start in time")


@after_checking
def test_workers(project: Project) -> None:
    project.write(a=BAD, b=BAD + "\n    import a\n", c=GOOD)
    assert by_workers(project) == [f"a.py:{FINDING}", f"b.py:{FINDING}"]


@pytest.mark.parametrize(("follow", "expected"), [("normal", ["a.py"]), ("silent", []), ("skip", [])])
def test_followed_imports_are_told_as_mypy_tells_its_own_errors(
    project: Project, follow: str, expected: list[str]
) -> None:
    project.write(a=BAD + "\n    y: int = ''\n", main="import a\n")
    found = [found.path for found in project.check(f"--follow-imports={follow}", "main.py")]
    assert found == [path for path in expected for _ in range(2)]


def test_code_without_annotations_is_judged_as_at_the_other_doors(project: Project) -> None:
    """Mypy does not look into it, so that no type is known and no hook is called there."""
    text = BAD.replace("x: Tensor) -> Tensor", "x)").replace(
        "def forward", "def __init__(self):\n            pass\n\n        def forward"
    )
    project.write(a=text)
    assert project.codes() == ["a.py:9 scriptkit-lambda-expression"]
    assert "a.py:9 scriptkit-lambda-expression" in project.codes("--strict")


@after_checking
def test_what_another_file_tells_is_judged_again_when_it_changes(project: Project) -> None:
    """`a` reads a constant of `b`: it becomes a function, and a constant again."""
    reads = GOOD.replace("import Tensor", "import Tensor\n    from b import LIMIT").replace(
        "return x", "return x + LIMIT"
    )
    finding = ["a.py:7 scriptkit-global-constant"]
    project.settings = "all_modules = true\n"
    project.write(
        a=reads.replace("ScriptableModule", "nn.Module").replace(
            "from scriptkit import nn.Module", "from torch import nn"
        )
    )
    project.write(b="LIMIT = 2.0\n")
    assert project.codes() == finding
    project.write(b="def LIMIT() -> None: ...\n")
    assert finding[0] not in project.codes()
    project.write(b="LIMIT = 3.0\n")
    assert project.codes() == finding
    assert project.codes() == finding, "nothing changed"


@after_checking
def test_workers_know_what_other_files_tell(project: Project) -> None:
    reads = GOOD.replace("import Tensor", "import Tensor\n    from b import LIMIT").replace(
        "return x", "return x + LIMIT"
    )
    project.write(a=reads, b="LIMIT = [2.0]\n")
    assert "a.py:7 scriptkit-global-variable-capture" in by_workers(project)


def test_a_cache_of_a_run_without_the_plugin_hides_nothing(project: Project) -> None:
    project.write(a=BAD)
    configuration = project.folder / "pyproject.toml"
    with_plugin = configuration.read_text()
    configuration.write_text("[tool.mypy]\n")
    assert project.codes() == []
    configuration.write_text(with_plugin)
    assert project.codes() == [f"a.py:{FINDING}"]


def test_files_whose_errors_are_ignored_are_left_alone(project: Project) -> None:
    project.mypy = '[[tool.mypy.overrides]]\nmodule = "a"\nignore_errors = true\n'
    project.write(a=BAD, b=BAD)
    assert project.codes() == [f"b.py:{FINDING}"]


class Daemon:
    """What the process of a mypy daemon does, here in this process."""

    def __init__(self, folder: Path) -> None:
        shown = ["--show-column-numbers", "--show-error-end", "--hide-error-context", "--no-error-summary"]
        options = process_start_options(shown, allow_sources=False)
        self.server = Server(options, str(folder / "status.json"))

    def codes(self) -> list[str]:
        answer = self.server.cmd_check(["."], export_types=False, is_tty=False, terminal_width=80)
        assert not answer["err"], answer["err"]
        return sorted(short(found) for found in read(str(answer["out"])))


@pytest.fixture
def daemon(project: Project) -> Daemon:
    project.write()
    return Daemon(project.folder)


@after_checking
def test_the_daemon_keeps_findings_through_edits_new_files_and_repairs(project: Project, daemon: Daemon) -> None:
    base = "from scriptkit import ScriptableModule\nclass Base(ScriptableModule): ...\n"
    sub = BAD.replace("from scriptkit import ScriptableModule", "from base import Base").replace(
        "(ScriptableModule)", "(Base)"
    )
    project.write(a=BAD, b=GOOD, base=base, sub=sub)
    both = [f"a.py:{FINDING}", f"sub.py:{FINDING}"]
    assert daemon.codes() == both
    assert daemon.codes() == both, "nothing changed"
    project.write(c=GOOD)
    assert daemon.codes() == both, "a file was added"
    project.write(b=GOOD + "\n    y: int = ''\n")
    assert daemon.codes() == [both[0], "b.py:8 assignment", both[1]], "another file got an error"
    project.write(b=BAD)
    assert daemon.codes() == [both[0], f"b.py:{FINDING}", both[1]], "another file got a finding"
    project.write(a=GOOD, b=BAD.replace("(x)", "(x)  # type: ignore[scriptkit-lambda-expression]"))
    assert daemon.codes() == [both[1]], "one repaired, one ignored"
    misfit = GOOD + "        def example_inputs(self) -> tuple[int]:\n            raise OSError\n"
    project.write(d=misfit)
    assert daemon.codes() == ["d.py:7 scriptkit-example-inputs", both[1]]
    assert daemon.codes() == ["d.py:7 scriptkit-example-inputs", both[1]], "nothing changed"
    project.write(d=misfit.replace("int", "Tensor"))
    assert daemon.codes() == [both[1]], "the example inputs fit"
    reads = GOOD.replace("import Tensor", "import Tensor\n    from limits import LIMIT").replace(
        "return x", "return x + LIMIT"
    )
    captured = ["r.py:7 operator", "r.py:7 scriptkit-global-variable-capture"]
    project.write(r=reads, limits="LIMIT = [2.0]\n")
    assert daemon.codes() == [*captured, both[1]], "what another file tells"
    assert daemon.codes() == [*captured, both[1]], "nothing changed"
    project.write(c=GOOD + "\n    y: int = ''\n")
    assert daemon.codes() == ["c.py:8 assignment", *captured, both[1]], "another file got an error"
    project.write(c=GOOD, r=GOOD)
    assert daemon.codes() == [both[1]]
    project.write(base=base.replace("(ScriptableModule)", ""))
    assert daemon.codes() == [], "the base in another file is no module any more"
    project.write(base=base)
    assert daemon.codes() == [both[1]], "and is one again"


def test_judging_a_file_imports_no_torch(project: Project) -> None:
    project.write(a=BAD)
    code = "import sys; from mypy import api; print(api.run(['a.py'])[0]); print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300).stdout
    assert "scriptkit-lambda-expression" in out
    assert out.split()[-1] == "False"
