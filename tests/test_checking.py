"""check_source, check_paths, and check_class for live classes with the verdicts it remembers."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

import scriptkit
from scriptkit.checking import check_class, check_paths, check_source, live, verdicts
from scriptkit.checking.judging import settled

PLAIN = """\
from torch import Tensor, nn

class Net(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)
"""
SCRIPTABLE = PLAIN.replace("nn.Module", "ScriptableModule").replace("import Tensor, nn", "import Tensor", 1)
SCRIPTABLE = f"from scriptkit import ScriptableModule\n{SCRIPTABLE}"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts of other runs do not count here."""
    monkeypatch.setattr(verdicts, "_folder", lambda: tmp_path / "verdicts")
    live._remembered.cache_clear()


def load(folder: Path, text: str, name: str) -> ModuleType:
    """Import a file without its class statements judging it."""
    from tests.rules.loading import load_file

    path = folder / f"{name}.py"
    path.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRIPTKIT_CHECK", "off")
        return load_file(path)


def test_a_scriptable_module_is_checked_and_a_plain_one_only_with_all_modules() -> None:
    assert [d.name for d in check_source(SCRIPTABLE)] == ["lambda-expression"]
    assert check_source(PLAIN) == []
    assert [d.name for d in check_source(PLAIN, all_modules=True)] == ["lambda-expression"]


def test_the_place_of_a_finding_counts_characters_from_1() -> None:
    text = PLAIN.replace("return (", "y = 'é'; return (")
    [finding] = check_source(text, path="net.py", all_modules=True)
    assert (finding.path, finding.line, finding.column, finding.end_column) == ("net.py", 5, 26, 37)
    assert (finding.class_name, finding.method) == ("Net", "forward")


def test_text_that_does_not_parse_is_one_finding() -> None:
    [finding] = check_source("x = (\n", path="bad.py")
    assert (finding.name, finding.path, finding.line) == ("unreadable-file", "bad.py", 1)
    assert check_source("x = 1\0")[0].name == "unreadable-file"


def test_a_comment_allows_a_rule_on_its_line_and_on_the_line_of_the_class() -> None:
    on_line = PLAIN.replace("(x)\n", "(x)  # scriptkit: allow[lambda-expression]\n")
    on_class = PLAIN.replace("Module):", "Module):  # scriptkit: allow[lambda-expression]")
    other = PLAIN.replace("Module):", "Module):  # scriptkit: allow[walrus]")
    assert check_source(on_line, all_modules=True) == []
    assert check_source(on_class, all_modules=True) == []
    assert len(check_source(other, all_modules=True)) == 1


def test_a_mistake_in_a_base_class_is_told_once() -> None:
    text = PLAIN + "\nclass A(Net):\n    pass\n\nclass B(Net):\n    pass\n"
    assert len(check_source(text, all_modules=True)) == 1


def test_a_class_that_the_file_traces_is_not_held_to_the_rules() -> None:
    text = PLAIN + "\nimport torch\ntraced = torch.jit.trace(Net(), torch.ones(2))\n"
    assert check_source(text, all_modules=True) == []


def test_paths_are_checked_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SCRIPTABLE)
    (tmp_path / "b.py").write_text("x = (\n")
    (tmp_path / "c.py").write_text(PLAIN)
    found = check_paths([tmp_path], all_modules=True)
    assert [(Path(d.path).name, d.name) for d in found] == [
        ("a.py", "lambda-expression"),
        ("b.py", "unreadable-file"),
        ("c.py", "lambda-expression"),
    ]
    assert check_paths([str(tmp_path / "missing.py")])[0].name == "unreadable-file"


def test_a_folder_is_searched_for_python_alone_and_bytes_of_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("class A(:")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "a.py").write_text("class A(:")
    (tmp_path / "latin.py").write_bytes(b"a = 1\nb = 2\nc = '\xe9'\n")
    (found,) = check_paths([tmp_path])
    assert found.name == "unreadable-file"
    assert found.message.endswith("byte 17 is not utf-8")


def test_many_files_are_checked_by_several_processes_in_their_order(tmp_path: Path) -> None:
    for number in range(90):
        (tmp_path / f"m{number:02}.py").write_text(PLAIN if number % 2 else "x = 1\n")
    program = (
        "import sys, scriptkit; from scriptkit.checking import paths; "
        "paths.os.cpu_count = lambda: 3; assert paths._workers(90) == 3; "
        "print([d.path[-6:] for d in scriptkit.check_paths(sys.argv[1:], all_modules=True)])"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert eval(done.stdout) == [f"m{number:02}.py" for number in range(1, 90, 2)]


def test_findings_are_in_source_order_and_each_once() -> None:
    found = check_source(PLAIN, all_modules=True)
    assert settled([*found, *found]) == found


def test_the_package_offers_the_checks() -> None:
    assert scriptkit.check_source is check_source
    assert scriptkit.check_paths is check_paths


# -- live classes -------------------------------------------------------------


def test_a_live_class_is_found_by_its_text(tmp_path: Path) -> None:
    module = load(tmp_path, SCRIPTABLE, "live_found")
    [finding] = check_class(module.Net)
    assert (finding.name, finding.path, finding.line) == ("lambda-expression", module.__file__, 6)


def test_a_class_inside_a_function_is_found(tmp_path: Path) -> None:
    head, _, body = SCRIPTABLE.partition("class Net")
    text = f"{head}def make():\n{textwrap.indent('class Net' + body, '    ')}    return Net\n"
    module = load(tmp_path, text, "live_local")
    monkey = pytest.MonkeyPatch()
    monkey.setenv("SCRIPTKIT_CHECK", "off")
    net = module.make()
    monkey.undo()
    assert [d.name for d in check_class(net)] == ["lambda-expression"]


def test_of_two_classes_with_one_name_each_has_its_own_verdict(tmp_path: Path) -> None:
    good = SCRIPTABLE.partition("class Net")[2].replace("(lambda t: t)(x)", "x")
    module = load(tmp_path, f"{SCRIPTABLE}\nBad = Net\n\nclass Net{good}", "live_twice")
    assert check_class(module.Net) == []


def test_a_class_without_source_passes() -> None:
    from scriptkit import ScriptableModule

    names: dict[str, type] = {}
    exec(f"import scriptkit\n{SCRIPTABLE}", names)
    assert issubclass(names["Net"], ScriptableModule)
    assert check_class(names["Net"]) == []


def test_the_environment_rules_the_class_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(tmp_path, SCRIPTABLE, "live_environment")
    monkeypatch.setenv("SCRIPTKIT_CHECK", "warn")
    assert [d.severity for d in check_class(module.Net)] == ["warning"]
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")
    assert check_class(module.Net) == []
    monkeypatch.delenv("SCRIPTKIT_CHECK")
    monkeypatch.setenv("SCRIPTKIT_DISABLE", "1")
    assert check_class(module.Net) == []


def test_a_torch_newer_than_what_is_known_turns_errors_into_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    module = load(tmp_path, SCRIPTABLE, "live_other_torch")
    monkeypatch.setattr(torch, "__version__", "2.99.1")
    assert [d.severity for d in check_class(module.Net)] == ["warning"]


def test_a_plain_base_of_another_file_is_judged_for_the_methods_it_gives(tmp_path: Path) -> None:
    load(tmp_path, PLAIN.replace("Net", "Base"), "live_base")
    text = (
        "from live_base import Base\nfrom scriptkit import ScriptableModule\nfrom torch import Tensor\n\n"
        "class Inherits(Base, ScriptableModule):\n    pass\n\n"
        "class Overrides(Base, ScriptableModule):\n    def forward(self, x: Tensor) -> Tensor:\n        return x\n"
    )
    module = load(tmp_path, text, "live_sub")
    assert [(d.name, Path(d.path).name) for d in check_class(module.Inherits)] == [
        ("lambda-expression", "live_base.py")
    ]
    assert check_class(module.Overrides) == []


def test_a_base_in_an_installed_package_is_a_warning_at_the_subclass(tmp_path: Path) -> None:
    package = tmp_path / "site-packages"
    package.mkdir()
    load(package, PLAIN.replace("Net", "Base"), "live_installed")
    text = (
        "from live_installed import Base\nfrom scriptkit import ScriptableModule\nfrom torch import Tensor\n\n"
        "class Net(Base, ScriptableModule):\n    def other(self, x: Tensor) -> Tensor:\n        return x\n"
    )
    module = load(tmp_path, text, "live_user")
    [finding] = check_class(module.Net)
    assert (finding.severity, Path(finding.path).name) == ("warning", "live_user.py")
    assert "live_installed.py:5" in finding.note


def test_a_verdict_is_remembered_by_text_and_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(tmp_path, SCRIPTABLE, "live_cached")
    first = check_class(module.Net)
    live._remembered.cache_clear()
    monkeypatch.setattr("scriptkit.language.read", lambda *_, **__: pytest.fail("read again"))
    assert check_class(module.Net) == first
    live._remembered.cache_clear()
    monkeypatch.setattr(verdicts, "engine", lambda: "another")
    with pytest.raises(pytest.fail.Exception):
        check_class(module.Net)


def test_a_damaged_cache_is_done_without(tmp_path: Path) -> None:
    module = load(tmp_path, SCRIPTABLE, "live_damaged")
    first = check_class(module.Net)
    for file in (tmp_path / "verdicts").iterdir():
        file.write_text("{")
    live._remembered.cache_clear()
    assert check_class(module.Net) == first


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(verdicts, "_folder", lambda: tmp_path / "file" / "verdicts")
    module = load(tmp_path, SCRIPTABLE, "live_unwritable")
    assert len(check_class(module.Net)) == 1


def test_the_cache_forgets_its_oldest_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "MOST_FILES", 4)
    for i in range(8):
        verdicts.store(f"text {i}", {})
    assert len(list((tmp_path / "verdicts").iterdir())) <= 5
    assert verdicts.load("text 7") == {}


def test_the_rules_load_without_torch_and_mypy() -> None:
    program = (
        "import sys, json; import scriptkit.checking.live\n"
        "print(json.dumps(sorted({'torch', 'mypy'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
