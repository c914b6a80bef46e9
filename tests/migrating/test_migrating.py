"""`scriptkit migrate`: what it makes of `old/` is `new/` to the letter, and does the same; the rest is told."""

from __future__ import annotations

import difflib
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

import scriptkit
from scriptkit.cli import main
from scriptkit.migrating import Migrated, migrated_files

HERE = Path(__file__).parent
OLD, NEW = HERE / "old", HERE / "new"
NAMES = sorted(path.name for path in OLD.glob("*.py"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["migrate", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the old files, where the command runs."""
    for name in NAMES:
        shutil.copy(OLD / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_difference_is_exact_and_nothing_is_written() -> None:
    wanted = "".join(
        "".join(
            difflib.unified_diff(
                (OLD / name).read_text().splitlines(keepends=True),
                (NEW / name).read_text().splitlines(keepends=True),
                *(name, name),
            )
        )
        for name in NAMES
    )
    result = run(".", "--diff")
    assert result.exit_code == 0
    assert result.stdout == wanted
    assert [Path(name).read_text() for name in NAMES] == [(OLD / name).read_text() for name in NAMES]


def test_files_are_rewritten_and_a_second_run_finds_nothing_more(folder: Path) -> None:
    result = run(".")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "migrated scripted.py: 11 changes" in result.stderr
    assert [(folder / name).read_text() for name in NAMES] == [(NEW / name).read_text() for name in NAMES]
    again = run(".")
    assert "migrated" not in again.stderr
    assert "0 changes made" in again.stderr


@pytest.mark.usefixtures("folder")
def test_what_is_left_is_told_with_its_place_and_its_reason() -> None:
    told = run(".", "--diff").stderr
    for words in (
        "left_alone.py:8:1: left: `class Refused`: `Refused` would be refused: `lambda t: t` cannot be compiled",
        "left_alone.py:16:1: left: `class Mixed`: `some_library.Mixin` is another base of it",
        "left_alone.py:22:1: left: `class Special`: it has a metaclass of its own",
        "left: `torch.jit.unused`: it takes arguments, or stands on something that is no plain method",
        "left: `torch.jit.script`: nothing here says that its argument is a `ScriptableModule`",
        "left: `torch.jit.trace`: `scriptkit.traced` marks what may be traced",
        "left: `torch.jit.annotate`: `sizes` may have a value before that",
        "left: `torch.jit.annotate`: its value is used where no annotation can stand",
        "left: `torch.jit.script`: it has more than one argument",
        "constants.py:24:5: left: `__constants__`: no type of `sizes` stands where `__init__` sets it",
        "scripted.py:9:1: left: `class Block`: `across.py` makes subclasses of it",
    ):
        assert words in told
    assert (NEW / "left_alone.py").read_text() == (OLD / "left_alone.py").read_text()


def loaded(path: Path) -> ModuleType:
    """The file as a module of its own."""
    spec = importlib.util.spec_from_file_location(f"migrated_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_old_and_new_models_do_the_same(tmp_path: Path) -> None:
    old, new = loaded(OLD / "scripted.py"), loaded(NEW / "scripted.py")
    before: Any = torch.jit.script(old.Net(4))
    after = new.Net(4)
    after.load_state_dict(before.state_dict())
    x = torch.rand(3, 4)
    assert torch.equal(before(x), after(x))
    assert [before.count("a"), before.count("a")] == [after.count("a"), after.count("a")] == [1, 2]
    assert scriptkit.is_compiled(after)
    assert torch.equal(old.scaled(x, 2.0), new.scaled(x, 2.0))
    assert isinstance(new.compiled(), torch.jit.ScriptModule)
    for write in (new.write, new.write_at_once, new.rebound):
        write(str(tmp_path / "net.pt"))
        file: Any = torch.jit.load(str(tmp_path / "net.pt"))
        assert file(x).shape == (3, 4)


def test_the_oldest_style_does_the_same() -> None:
    before, after = (loaded(folder / "script_module.py").Stack(4) for folder in (OLD, NEW))
    after.load_state_dict(before.state_dict())
    x = torch.rand(2, 4)
    assert torch.equal(before(x), after(x))
    assert before.reset() == after.reset() == 0


def migrated(folder: Path, text: str, name: str = "model.py") -> Migrated:
    (folder / name).write_bytes(text.encode())
    (found,) = migrated_files([str(folder / name)])
    return found


NET = """\
import torch
from torch import Tensor, nn

class Net(nn.Module):
    @torch.jit.export
    def twice(self, x: Tensor) -> Tensor:
        return x * 2

    def forward(self, x: Tensor) -> Tensor:
        return x
"""


def test_line_ends_tabs_and_other_signs_stay(tmp_path: Path) -> None:
    text = "# ä — \f\n" + NET.replace("    ", "\t") + "\n\x0c\nNAME = 'é'  # ende\n"
    for end in ("\n", "\r\n", "\r"):
        found = migrated(tmp_path, text.replace("\n", end))
        wanted = (
            text.replace(
                "from torch import Tensor, nn\n",
                "from torch import Tensor, nn\nfrom scriptkit import ScriptableModule, export\n",
            )
            .replace("nn.Module", "ScriptableModule")
            .replace("torch.jit.export", "export")
        )
        assert found.after == wanted.replace("\n", end)


def test_names_that_are_taken_are_not_taken_again(tmp_path: Path) -> None:
    found = migrated(
        tmp_path, NET + "\n\ndef export() -> None:\n    ScriptableModule = 3\n    print(ScriptableModule)\n"
    )
    assert "class Net(scriptkit.ScriptableModule):" in found.after
    assert "@scriptkit.export" in found.after
    assert found.after.count("\nimport scriptkit\n") == 1


@pytest.mark.parametrize(
    ("imported", "base", "mark"),
    [
        ("import scriptkit as sk", "sk.ScriptableModule", "sk.export"),
        ("from scriptkit import ScriptableModule as Base, export as e", "Base", "e"),
        ("from scriptkit import save", "ScriptableModule", "export"),
    ],
)
def test_what_is_imported_already_is_used(imported: str, base: str, mark: str, tmp_path: Path) -> None:
    found = migrated(tmp_path, f"{imported}\n{NET}")
    assert f"class Net({base}):" in found.after
    assert f"@{mark}\n" in found.after
    assert found.after.count("scriptkit import") + found.after.count("import scriptkit") == 1


def test_a_file_in_which_scriptkit_means_something_else_is_left(tmp_path: Path) -> None:
    found = migrated(tmp_path, NET + "\nscriptkit = 3\n")
    assert found.after == found.before
    assert [one.what for one in found.left] == ["`torch.jit.export`"]


@pytest.mark.parametrize(
    "text",
    [
        "import torch\n\ndef f(x):\n    return torch.jit.script(  # why\n        Net()).save('a')\n",
        "import torch\n\nnet = torch.jit.script(Net())\n",
        "import torch\n\ndef f(p):\n    net = torch.jit.script(Net())\n    return net.graph\n",
        "import torch\n\ndef f(p):\n    net = torch.jit.script(Net())\n    g(net)\n",
        "import torch\n\ndef f(p):\n    net = torch.jit.script(Net())\n    torch.jit.save(net, p, {})\n",
        "import torch\n\ndef f(p):\n    net = torch.jit.script(Net())\n    net.save(p, {})\n",
        "import torch\n\ndef f(p):\n    net = Net()\n    net = torch.jit.script(net)\n",
        "import torch\n\ndef f(p):\n    return torch.jit.script(Net().eval().to('cpu'))\n",
    ],
)
def test_where_the_object_of_torch_may_be_needed_it_stays_one(text: str, tmp_path: Path) -> None:
    found = migrated(tmp_path, NET + text.removeprefix("import torch\n"))
    assert "scriptkit.to_torchscript(" in found.after
    assert "torch.jit.script" not in found.after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("net = torch.jit.script(Net())\n    net.train()\n    net(x)", "net = Net()\n    net.train()\n    net(x)"),
        ("torch.jit.script(Net()).eval().save(x)", "Net().eval().save(x)"),
        ("net = torch.jit.script(Net())\n    print(net.state_dict())", "net = Net()\n    print(net.state_dict())"),
        ("net = torch.jit.script(Net())\n    torch.jit.save(net, x)", "net = Net()\n    scriptkit.save(net, x)"),
    ],
)
def test_where_everything_is_seen_the_call_goes(before: str, after: str, tmp_path: Path) -> None:
    found = migrated(tmp_path, f"{NET}\n\ndef f(x):\n    {before}\n")
    assert found.after.endswith(f"def f(x):\n    {after}\n")


@pytest.mark.parametrize(
    "body",
    [
        "net = Net()\n    if x:\n        net = g()\n    torch.jit.script(net)",
        "for net in x:\n        torch.jit.script(net)",
        "other = net = Net()\n    net += 1\n    torch.jit.script(net)",
        "torch.jit.script(x)",
        "torch.jit.script(*x)",
        "torch.jit.script(Other())",
    ],
)
def test_what_may_be_another_module_is_left(body: str, tmp_path: Path) -> None:
    found = migrated(tmp_path, f"{NET}\n\ndef f(x):\n    {body}\n")
    assert "torch.jit.script" in found.after
    assert "to_torchscript" not in found.after


def test_a_function_given_to_script_is_scripted_by_its_other_name(tmp_path: Path) -> None:
    text = "import torch\n\ndef f(x: torch.Tensor) -> torch.Tensor:\n    return x\n\ng = torch.jit.script(f)\n"
    assert migrated(tmp_path, text).after == (
        text.replace("import torch\n", "import torch\nimport scriptkit\n").replace(
            "torch.jit.script", "scriptkit.script"
        )
    )


def test_what_a_package_imports_stays_for_those_who_import_it_from_there(tmp_path: Path) -> None:
    text = "from torch.jit import Final\n\nclass A:\n    x: Final[int]\n"
    assert "from torch.jit import Final\n" in migrated(tmp_path, text, "__init__.py").after
    assert "torch.jit" not in migrated(tmp_path, text).after
    assert "from torch.jit import Final\n" in migrated(tmp_path, f"{text}\n__all__ = ['Final']\n").after
    assert (
        "from torch.jit import Final  # yes\n" in migrated(tmp_path, text.replace("Final\n", "Final  # yes\n", 1)).after
    )
    kept = migrated(tmp_path, text.replace("Final\n", "Final, load\n", 1) + "\nload('x')\n").after
    assert "from torch.jit import load\n" in kept


def test_a_step_that_makes_an_error_is_not_taken_and_the_others_are(tmp_path: Path) -> None:
    """An attribute of a wrong type is an error only once its type is said."""
    text = NET.replace(
        "    @torch",
        "    def __init__(self) -> None:\n        super().__init__()\n"
        "        self.seen = torch.jit.Attribute(1, str)\n        self.rest = torch.jit.Attribute(1, int)\n\n"
        "    @torch",
    )
    found = migrated(tmp_path, text)
    assert "self.rest: int = 1" in found.after


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_migrated(folder: Path) -> None:
    (folder / "broken.py").write_text("def f(:\n")
    result = run(".")
    assert result.exit_code == 2
    assert "broken.py:1:1: left: the file: it cannot be read as Python" in result.stderr
    assert (folder / "scripted.py").read_text() == (NEW / "scripted.py").read_text()


def test_mistakes_of_the_call_are_refused_in_words(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert "the standard input has none" in run("-").output
    assert "no Python file there" in run("empty").output
    (folder / "scripted.py").chmod(0o444)
    assert [run("empty").exit_code, run("-").exit_code] == [2, 2]


def test_a_file_that_cannot_be_written_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object, **__: object) -> None:
        raise PermissionError(13, "it is read-only")

    monkeypatch.setattr("scriptkit.cli.migrate.replaced", refusing)
    result = run(str(folder / "scripted.py"))
    assert result.exit_code == 2
    assert "cannot be written: it is read-only" in result.output


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x = torch.jit.annotate(int)", "its arguments are not a type and a value"),
        ("self.x = torch.jit.annotate(int, 1)", "attributes are declared in `__init__`"),
        ("x = torch.jit.annotate(int, 1)", "`x` may have a value before that"),
        ("a, b = torch.jit.annotate(int, 1)", "assigned to something that takes no annotation"),
        ("a = torch.jit.Attribute(1, int)", "assigned to something that takes no annotation"),
        ("a = torch.jit.annotate(int,  # why\n            1)", "a comment stands inside of it"),
        ("a = torch.jit.annotate(Dict[\n            int, int], {})", "a comment stands inside of it"),
        ("a: int = 2\n        a = torch.jit.annotate(int, 1)", "`a` may have a value before that"),
        ("global a\n        a = torch.jit.annotate(int, 1)", "`a` may have a value before that"),
        ("if x:\n            a = torch.jit.annotate(int, 1)", "`a` may have a value before that"),
    ],
)
def test_a_call_that_is_no_annotation_is_left(line: str, why: str, tmp_path: Path) -> None:
    found = migrated(tmp_path, f"import torch\n\nclass A:\n    def f(self, x):\n        {line}\n")
    assert found.after == found.before
    assert [why in one.why for one in found.left] == [True]


def test_an_annotation_outside_of_functions_is_left(tmp_path: Path) -> None:
    assert migrated(tmp_path, "import torch\n\nx = torch.jit.annotate(int, 1)\n").steps == 0


def test_imports_stand_where_they_can(tmp_path: Path) -> None:
    """Below the docstring where nothing is imported, and never on the line of something else."""
    said = '"""Words."""\n'
    base = "class Net(torch.jit.ScriptModule):\n    pass\n"
    text = f"{said}if True:\n    import torch\n{base}"
    assert migrated(tmp_path, text).after.startswith(f"{said}from scriptkit import ScriptableModule\nif True:")
    text = f"if True:\n    import torch\n{base}"
    assert migrated(tmp_path, text).after.startswith("from scriptkit import ScriptableModule\nif True:")
    text = f"import torch\nfrom typing import (\n    Dict)\n{base}    x: torch.jit.Final[int]\n"
    assert "\nfrom typing import Final\nfrom scriptkit import ScriptableModule\n" in migrated(tmp_path, text).after
    text = "import torch; torch.jit.Final[int]"
    assert migrated(tmp_path, text).after == text


def test_marks_with_a_comment_between_them_leave_the_class(tmp_path: Path) -> None:
    text = NET.replace("    def forward", "    @torch.jit.script_method  # fast\n    def forward")
    found = migrated(tmp_path, text)
    assert found.after == found.before
    assert "a comment stands between its marks" in {one.why for one in found.left}


def test_a_subclass_that_would_be_refused_keeps_its_base_as_it_is(tmp_path: Path) -> None:
    found = migrated(
        tmp_path,
        f"{NET}\nclass Sub(Net):\n    def forward(self, x: Tensor) -> Tensor:\n        return (lambda t: t)(x)\n",
    )
    assert found.after == found.before
    assert any("`Sub` would be refused" in one.why for one in found.left)


def test_a_class_is_compiled_because_another_file_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET.replace("    @torch.jit.export\n", ""))
    (tmp_path / "use.py").write_text("import torch\nfrom net import Net\n\ntorch.jit.script(Net()).save('net.pt')\n")
    net, use = migrated_files([str(tmp_path / "net.py"), str(tmp_path / "use.py")])
    assert "class Net(ScriptableModule):" in net.after
    assert use.after.endswith("\nNet().save('net.pt')\n")


CONSTANT = """\
import scriptkit
from torch import Tensor


class Net(scriptkit.ScriptableModule):
    __constants__ = {constants}

    def __init__(self, depth: int, bound: int, flag: bool) -> None:
        super().__init__()
        self.depth = depth
        bound = 2
        self.bound = bound
        self.nothing = None
        if flag:
            self.either = 1
        else:
            self.either = 2.0

    @scriptkit.export
    def forward(self, x: Tensor) -> Tensor:
        return x
"""


@pytest.mark.parametrize(
    ("constants", "after", "words"),
    [
        ('["depth", 1]', "", "it is no list of names"),
        ("names()", "", "it is no list of names"),
        ('["gone"]', "", "no type of `gone` stands where `__init__` sets it"),
        ('["bound"]', "", "no type of `bound` stands"),
        ('["either"]', "", "no type of `either` stands"),
        ('["nothing"]', "", "no type of `nothing` stands"),
        ('[  # why\n        "depth"]', "", "a comment stands inside of it"),
        ('["depth"]', "print(Net.__constants__)\n", "the file reads it"),
    ],
)
def test_constants_that_nobody_can_prove_stay(constants: str, after: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text(CONSTANT.format(constants=constants) + after)
    [migrated] = migrated_files([str(file)])
    assert migrated.after == migrated.before
    [left] = migrated.left
    assert left.what == "`__constants__`"
    assert words in left.why
