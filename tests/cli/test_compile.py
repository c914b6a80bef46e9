"""`scriptkit compile` and `scriptkit verify` as commands: what they write, print, and refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

import scriptkit
from scriptkit.cli import main
from tests.rules.loading import load_file

MODELS = """\
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Foreign(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.fc = nn.Linear(width, 2)

    def forward(self, x, scale=1.0, **options):
        return getattr(self, "fc")(x) * scale


class Net(ScriptableModule):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.fc = nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Other(Net):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + 1


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 2.0

    def forward(self, x, **options):
        return x * self.scale


class Hazard(nn.Module):
    def forward(self, x, **options):
        return x * x.sum().item()


def broken():
    raise RuntimeError("no luck")


def number():
    return 3


VERSION = "1.0"


class Embedding(ScriptableModule):
    def __init__(self, rows: int = 10) -> None:
        super().__init__()
        self.rows = nn.Embedding(rows, 2)

    def forward(self, index: Tensor, mask: Tensor) -> Tensor:
        return self.rows(index)[mask]
"""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models_of_cli.py").write_text(MODELS)
    (tmp_path / "broken.py").write_text("class Net(:\n")
    torch.save({"conv.weight": torch.ones(1)}, tmp_path / "other.pt")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def compiled(model: str, *options: str) -> Result:
    return run("compile", f"models_of_cli.py:{model}", "-o", "model.pt", *options)


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(("model", "mode"), [("Foreign", "lowered"), ("Net", "script")])
def test_a_model_is_compiled_written_and_verified(model: str, mode: str) -> None:
    result = compiled(model, "--inputs", "3x4")
    assert result.exit_code == 0, result.output
    assert mode in result.stdout.splitlines()[0]
    assert "wrote model.pt" in result.stdout
    assert scriptkit.load("model.pt")(torch.ones(5, 4)).shape == (5, 2)
    verified = run("verify", "model.pt", "--against", f"models_of_cli.py:{model}")
    assert verified.exit_code == 0, verified.output
    assert "is the same" in verified.stdout


@pytest.mark.usefixtures("models")
def test_the_report_as_json_and_the_arguments_of_the_constructor() -> None:
    result = compiled("Foreign", "--args", '{"width": 8}', "--inputs", "3x8; scale=2.0", "--format", "json")
    report = json.loads(result.stdout)
    assert report["file"] == "model.pt"
    assert [row["path"] for row in report["rows"]] == ["", "fc"]
    loaded = scriptkit.load("model.pt")
    assert loaded.manifest.method("forward").parameters[0].name == "x"


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("model", "topic", "expected"),
    [
        ("Net", "lifted", ["`Net.forward` (", "def forward(self, x: Tensor) -> Tensor:"]),
        ("Foreign", "lowered", ["`Foreign`", "fc = self.fc(x)"]),
        ("Scaled", "facts", ["`Scaled`: `Scaled.scale` is 2.0"]),
        ("Net", "lowered", ["nothing had to be lowered"]),
    ],
)
def test_the_program_is_shown_on_its_way(model: str, topic: str, expected: list[str]) -> None:
    result = compiled(model, "--inputs", "3x4", "--show", topic)
    assert result.exit_code == 0, result.output
    shown, _, _ = result.stdout.partition("(root)")
    for words in expected:
        assert words in shown


@pytest.mark.usefixtures("models")
def test_what_is_shown_does_not_get_into_the_json() -> None:
    result = compiled("Foreign", "--inputs", "3x4", "--show", "lowered", "--format", "json")
    assert [row["mode"] for row in json.loads(result.stdout)["rows"]] == ["lowered", "lowered"]
    assert "fc = self.fc(x)" in result.stderr


@pytest.mark.usefixtures("models")
def test_a_mode_is_asked_for_by_path() -> None:
    result = compiled("Foreign", "--inputs", "3x4", "--mode", "*=trace")
    assert "trace" in result.stdout.splitlines()[0]
    verified = run("verify", "model.pt", "--against", "models_of_cli.py:Foreign", "--format", "json")
    assert json.loads(verified.stdout)["passed"]


@pytest.mark.usefixtures("models")
def test_another_model_than_the_one_of_the_file_is_told() -> None:
    compiled("Net", "--inputs", "3x4")
    result = run("verify", "model.pt", "--against", "models_of_cli.py:Other")
    assert result.exit_code == 1
    assert "differs" in result.stdout


@pytest.mark.usefixtures("models")
def test_weights_come_from_a_saved_state() -> None:
    state = {"fc.weight": torch.ones(2, 4), "fc.bias": torch.zeros(2)}
    torch.save(state, "weights.pt")
    assert compiled("Net", "--weights", "weights.pt").exit_code == 0
    assert torch.equal(scriptkit.load("model.pt")(torch.ones(1, 4)), torch.full((1, 2), 4.0))


@pytest.mark.usefixtures("models")
def test_integers_and_bools_are_made_as_they_are_asked_for_and_tensors_are_read_from_files() -> None:
    assert compiled("Embedding", "--inputs", "int64:3x4<10; bool:3x4").exit_code == 0, "all ten rows, no eleventh"
    torch.save((torch.tensor([[1, 2]]), torch.tensor([[True, False]])), "both.pt")
    assert compiled("Embedding", "--inputs", "both.pt").exit_code == 0
    torch.save(torch.tensor([[1, 2]]), "one.pt")
    assert compiled("Embedding", "--inputs", "one.pt; bool:1x2").exit_code == 0
    assert run("verify", "model.pt", "--against", "models_of_cli.py:Embedding").exit_code == 0


@pytest.mark.usefixtures("models")
def test_a_file_that_was_never_called_or_lacks_weights_is_verified_with_those_given() -> None:
    scriptkit.save(scriptkit.compile(models_of_cli().Net()), "model.pt")
    asked = run("verify", "model.pt", "--against", "models_of_cli.py:Net")
    assert asked.exit_code == 2
    assert "give `--inputs`" in asked.stderr
    assert run("verify", "model.pt", "--against", "models_of_cli.py:Net", "--inputs", "3x4").exit_code == 0
    other = run("verify", "model.pt", "--against", "models_of_cli.py:Embedding", "--inputs", "3x4")
    assert other.exit_code == 2
    assert "the file has no weight `rows.weight`" in " ".join(other.stderr.split())
    torch.save({"fc.weight": torch.ones(2, 4), "fc.bias": torch.zeros(2)}, "weights.pt")
    options = ("--against", "models_of_cli.py:Net", "--inputs", "3x4", "--weights", "weights.pt")
    assert run("verify", "model.pt", *options).exit_code == 1, "other weights, other results"


def models_of_cli() -> Any:
    """The models, imported as the command imports them."""
    return load_file(Path("models_of_cli.py").absolute())


@pytest.mark.usefixtures("models")
def test_a_hazard_is_drawn_with_its_line() -> None:
    result = compiled("Hazard", "--inputs", "3x4", "--mode", "*=trace")
    assert result.exit_code == 1
    assert "x.sum().item()" in result.stderr
    assert not Path("model.pt").exists()


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing", "-o", "m.pt"), "is not MODULE:CLASS"),
        (("no_such_module:Net", "-o", "m.pt"), "cannot import `no_such_module`"),
        (("missing.py:Net", "-o", "m.pt"), "there is no file `missing.py`"),
        (("models_of_cli.py:Nope", "-o", "m.pt"), "has no `Nope`"),
        (("models_of_cli.py:number", "-o", "m.pt"), "makes a int, not an nn.Module"),
        (("models_of_cli.py:VERSION", "-o", "m.pt"), "is a str, not a class or function"),
        (("broken.py:Net", "-o", "m.pt"), "cannot import `broken.py`: SyntaxError"),
        (("models_of_cli.py:Net", "--weights", "other.pt", "-o", "m.pt"), "does not hold the weights of this model"),
        (("models_of_cli.py:Net", "--args", "{3", "-o", "m.pt"), "is no JSON"),
        (("models_of_cli.py:Net", "--args", "3", "-o", "m.pt"), "a JSON list"),
        (("models_of_cli.py:Net", "--args", "[1, 2, 3]", "-o", "m.pt"), "does not take these arguments"),
        (("models_of_cli.py:Net", "--inputs", "3xx4", "-o", "m.pt"), "`3xx4` is no input"),
        (("models_of_cli.py:Net", "--inputs", "int65:3", "-o", "m.pt"), "`int65` is no dtype"),
        (("models_of_cli.py:Net", "--inputs", "none.pt", "-o", "m.pt"), "`none.pt` cannot be read"),
        (("models_of_cli.py:Foreign", "--inputs", "3x4", "--mode", "fc=fast", "-o", "m.pt"), "modes are"),
        (("models_of_cli.py:Foreign", "--inputs", "3x4", "--mode", "fc", "-o", "m.pt"), "there is no `=`"),
    ],
)
def test_a_mistake_in_the_call_exits_with_2_and_says_which(arguments: tuple[str, ...], words: str) -> None:
    result = run("compile", *arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
    assert not Path("m.pt").exists()


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("models_of_cli.py:broken",), "RuntimeError: no luck"),
        (("models_of_cli.py:Foreign",), "example inputs"),
        (("models_of_cli.py:Foreign", "--inputs", "3x5"), "cannot be multiplied"),
    ],
)
def test_what_the_model_refuses_exits_with_1(arguments: tuple[str, ...], words: str) -> None:
    result = run("compile", *arguments, "-o", "m.pt")
    assert result.exit_code == 1
    assert words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("models")
def test_a_file_that_is_none_is_refused() -> None:
    result = run("verify", "models_of_cli.py", "--against", "models_of_cli.py:Net")
    assert result.exit_code == 1
    assert "no TorchScript file" in result.stderr


@pytest.mark.usefixtures("models")
def test_a_file_made_for_other_sizes_is_refused() -> None:
    compiled("Net", "--args", "[8]", "--inputs", "3x8")
    result = run("verify", "model.pt", "--against", "models_of_cli.py:Net")
    assert result.exit_code == 2
    assert "do not fit" in result.stderr
