"""The two flows of `docs/how-it-works.md` are what happens: each function it names is entered, in that order."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, ModuleType

import pytest
import torch

import scriptkit
from scriptkit.checking import verdicts
from tools.blocks import blocks

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/how-it-works.md").read_text(encoding="utf-8")
BAD, GOOD = (block.text for block in blocks(PAGE) if block.language == "python")
IMPORTS = "import scriptkit\nfrom scriptkit import ScriptableModule\n\n\n"
HEADER = "import torch\nfrom torch import Tensor, nn\n\n" + IMPORTS


def steps(heading: str) -> list[str]:
    """The functions that a part of the page names in its list."""
    part = PAGE.partition(f"{heading}\n\n1. ")[2]
    return re.findall(r"^\d+\. `(scriptkit/[\w/]+\.py:\w+)`", "1. " + re.split(r"\n\n(?!\d)", part)[0], re.MULTILINE)


def entered(action: Callable[[], object]) -> list[str]:
    """The functions of scriptkit that are entered, in the order in which each is for the first time."""
    found: dict[str, None] = {}
    names: dict[object, str] = {}

    def note(frame: FrameType, event: str, argument: object) -> None:
        code = frame.f_code
        if event == "call" and code not in names:
            names[code] = f"{code.co_filename.removeprefix(f'{ROOT}/')}:{code.co_name}"
        if event == "call":
            found.setdefault(names[code])

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(before)
    return list(found)


def module_of(text: str, folder: Path) -> ModuleType:
    file = folder / f"{folder.name}.py"
    file.write_text(HEADER + text.removeprefix(IMPORTS))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def in_order(named: list[str], happened: list[str]) -> bool:
    rest = iter(happened)
    return all(step in rest for step in named)


def test_a_class_statement_goes_the_way_the_page_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_folder", lambda: tmp_path / "cache")  # the process has chosen one before

    def statement() -> None:
        with pytest.raises(scriptkit.ScriptabilityError):
            module_of(BAD, tmp_path)

    named = steps("```")
    assert len(named) >= 5
    assert in_order(named, happened := entered(statement)), [step for step in named if step not in happened]


def test_an_instance_goes_the_way_the_page_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    classes, calls = GOOD.split("\n\n\nnet = ")
    Sum = module_of(classes, tmp_path).Sum
    assert calls.splitlines() == ["Sum()", "result = net(torch.rand(3, 4))", 'scriptkit.save(net, "net.pt")']
    net = None

    def construct() -> None:
        nonlocal net
        net = Sum()

    for heading, action in {
        "Constructed:": construct,
        "Called:": lambda: net(torch.rand(3, 4)),  # type: ignore[misc]
        "Saved:": lambda: scriptkit.save(net, "net.pt"),  # type: ignore[arg-type]
    }.items():
        named = steps(heading)
        assert len(named) >= 4
        assert in_order(named, happened := entered(action)), [step for step in named if step not in happened]


def test_every_file_and_folder_the_page_names_is_there() -> None:
    named = {word.partition(":")[0] for word in re.findall(r"`(scriptkit/[\w/.:]+)`", PAGE)}
    assert [name for name in named if not (ROOT / name).exists()] == []
