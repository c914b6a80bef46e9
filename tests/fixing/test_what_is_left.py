"""What no repair can prove is left as it was written, and told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scriptkit.checking import check_source
from scriptkit.fixing import fix_file, fixed_text
from scriptkit.rules.examples import forward, model, program

LAYERS = "self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])"
LEFT = {
    "the truth value of a computed tensor pair": forward("if (x, x):\n    x = x + 1\nreturn x"),
    "the truth value of a container of modules": model(LAYERS, "if self.layers:\n    x = x + 1\nreturn x"),
    "the absence of an Optional number, which is not only None": forward(
        "if not k:\n    return x\nreturn x + 1", "x: Tensor, k: Optional[int] = None"
    ),
    "a loop over half of the modules": model(LAYERS, "for i in range(2):\n    x = self.layers[i](x)\nreturn x"),
    "a loop over all but the first": model(
        LAYERS, "for i in range(1, len(self.layers)):\n    x = self.layers[i](x)\nreturn x"
    ),
    "a loop over as many as a parameter says": model(
        LAYERS, "for i in range(n):\n    x = self.layers[i](x)\nreturn x", "x: Tensor, n: int"
    ),
    "modules that a starred list makes": model(
        "self.layers = nn.ModuleList([*[nn.Linear(2, 2)] * 3])",
        "for i in range(3):\n    x = self.layers[i](x)\nreturn x",
    ),
}
REPAIRED = {
    "the truth value of an Optional string": (
        forward("if k:\n    x = x + 1\nreturn x", "x: Tensor, k: Optional[str] = None"),
        "if k is not None and len(k) > 0:",
    ),
    "the truth value of an Optional list": (
        forward("if k:\n    x = x + k[0]\nreturn x", "x: Tensor, k: Optional[List[int]] = None"),
        "if k is not None and len(k) > 0:",
    ),
    "one of two conditions": (
        model("self.down = nn.Linear(2, 2)", "if x.dim() > 1 and self.down:\n    x = self.down(x)\nreturn x"),
        "if x.dim() > 1 and self.down is not None:",
    ),
    "a loop over a literal number of modules": (
        model(
            "self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])",
            "for i in range(2):\n    x = self.layers[i](x)\nreturn x",
        ),
        "for layer in self.layers:",
    ),
    "a loop whose item would take a name that is taken": (
        model(LAYERS, "layer = x\nfor i in range(3):\n    x = self.layers[i](x)\nreturn x + layer"),
        "for layer_ in self.layers:",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_it_is_left_and_told(name: str) -> None:
    text = program(LEFT[name])
    assert fixed_text(text, all_modules=True) == text
    assert check_source(text, all_modules=True)


@pytest.mark.parametrize("name", REPAIRED)
def test_its_meaning_stays_that_of_python(name: str) -> None:
    example, line = REPAIRED[name]
    repaired = fixed_text(program(example), all_modules=True)
    assert line in repaired
    assert check_source(repaired, all_modules=True) == []


def test_line_ends_and_rights_of_a_file_stay(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_bytes(program(REPAIRED["one of two conditions"][0]).replace("\n", "\r\n").encode())
    file.chmod(0o640)
    fix_file(str(file), all_modules=True, write=True)
    assert b"self.down is not None:\r\n" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_replaced_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no space left")

    file = tmp_path / "model.py"
    text = program(REPAIRED["one of two conditions"][0])
    file.write_text(text)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="no space left"):
        fix_file(str(file), all_modules=True, write=True)
    assert file.read_text() == text
    assert os.listdir(tmp_path) == ["model.py"]  # noqa: PTH208
