"""The code in the docstrings of the package runs."""

from __future__ import annotations

import inspect
import linecache
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import config, testing
from scriptkit.testing.names import FormName
from tools.docstrings import Example, examples, python
from tools.environment import parse_toml

EXAMPLES = list(examples())


class Net(scriptkit.ScriptableModule):
    """What the docstrings speak of where they do not define it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc(x).softmax(1)
        return y


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.owner)
def test_the_code_of_a_docstring_runs(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if example.code.startswith("["):
        (tmp_path / "pyproject.toml").write_text(example.code)
        assert parse_toml(example.code)["tool"]
        config.load(tmp_path / "pyproject.toml")
        return
    names: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor, "Net": Net, "__name__": "docstring"}
    names |= {name: getattr(testing, name) for name in testing.__all__}
    names["ScriptableModule"] = scriptkit.ScriptableModule
    linecache.cache["docstring.py"] = (0, None, example.code.splitlines(keepends=True), "docstring.py")
    exec(compile(example.code, "docstring.py", "exec"), names)
    for name, test in list(names.items()):
        if name.startswith("test_"):
            forms: tuple[FormName, ...] = get_args(FormName) if inspect.signature(test).parameters else ()
            for form in forms:
                test(testing.Form(form))
            if not forms:
                test()


def test_docstrings_with_code_are_found() -> None:
    owners = {example.owner.partition(":")[0] for example in EXAMPLES}
    assert {"scriptkit/__init__.py", "scriptkit/testing/__init__.py", "scriptkit/config.py"} <= owners


@pytest.mark.parametrize("text", ["    text ── source ──> facts\n", "    a b c\n", "    name\n"])
def test_drawings_are_no_code(text: str) -> None:
    assert not python(text)
