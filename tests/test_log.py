"""`SCRIPTKIT_LOG`: what is told on each topic, and that nothing is asked in a call of a module that did not change."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, log

LIMIT = 0.5

MODEL = """\
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Foreign(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.activation = "relu"

    def forward(self, x, **options):
        return getattr(torch, self.activation)(self.fc(x))


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.part = Foreign()

    def forward(self, x: Tensor) -> Tensor:
        return self.part(x) + 1


net = Net()
net(torch.ones(1, 4))  # shows what the part gets
net(torch.ones(1, 4))
"""


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + LIMIT


def printed(folder: Path, asked: str) -> str:
    """What a process prints to stderr that makes and calls a model."""
    (folder / "model.py").write_text(MODEL)
    result = subprocess.run(
        [sys.executable, "model.py"],
        cwd=folder,
        env=os.environ | {"SCRIPTKIT_LOG": asked},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == ""
    return result.stderr


def test_the_variable_prints_the_topics_it_names(tmp_path: Path) -> None:
    told = printed(tmp_path, "plan, lowered")
    assert "scriptkit[plan] Foreign at `part`: script: no: model.py:13: compiled functions can't take" in told
    assert "scriptkit[plan] Foreign at `part`: lowered: yes: does not script" in told
    assert "scriptkit[lowered] `Foreign`\n    class Foreign:\n        def forward(self, x: Tensor):\n" in told
    assert {line.partition("]")[0] for line in told.splitlines() if line.startswith("s")} == {
        "scriptkit[plan",
        "scriptkit[lowered",
    }


def test_all_is_every_topic_and_an_unknown_one_is_told_with_those_there_are(tmp_path: Path) -> None:
    told = printed(tmp_path, "all,plans")
    assert "SCRIPTKIT_LOG names `plans`, which is no topic; write some of: plan, lifted, lowered, facts, bind" in told
    for topic in log.TOPICS.keys() - {"export"}:  # nothing is exported there
        assert f"scriptkit[{topic}] " in told
    assert "scriptkit[facts] `Foreign`: `Foreign.activation` is 'relu'" in told


def test_nothing_is_printed_unasked(tmp_path: Path) -> None:
    assert printed(tmp_path, "") == ""


def test_the_lifted_code_has_its_constants_and_its_place() -> None:
    with log.heard("lifted") as lifted, log.heard("facts") as facts:
        Fresh = type("Fresh", (Net,), {})
        Fresh()
    [text] = [text for text in lifted if text.startswith("`Net.forward`")]
    assert f"({__file__}:" in text
    assert "return self.fc(x) + 0.5" in text
    assert "`Net.forward`: `LIMIT` is 0.5" in facts


def test_what_changed_between_two_calls_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    net, x = Net(), torch.ones(1, 4)
    net(x)
    with log.heard("bind") as told:
        net(x)
        assert told == []
        net.fc.weight = nn.Parameter(torch.zeros(2, 4))
        net(x)
        assert told == ["Net: `fc.weight` is another object now"]
        monkeypatch.setattr(sys.modules[__name__], "LIMIT", 0.75)
        assert net(x)[0, 0].item() == pytest.approx(0.75 + net.fc.bias[0].item())
        assert told[1:3] == [
            "Net: `LIMIT` is another object now",
            "Net: this twin mirrors it no more: what is there now has another type, or is part of its code",
        ]
        assert told[-1] == "Net: a new twin"


def test_a_submodule_that_is_another_or_gone_is_told() -> None:
    net, x = Net(), torch.ones(1, 4)
    net(x)
    with log.heard("bind") as told:
        net.fc = nn.Identity()  # type: ignore[assignment]
        net(x)
        assert "Net: `fc` is another object now" in told
        del net.fc
        with pytest.warns(scriptkit.ScriptkitEagerWarning, match="gone from this instance"):  # noqa: SIM117
            with pytest.raises(AttributeError, match="fc"):
                net(x)
    assert "Net: this twin mirrors it no more: an attribute or a submodule is gone" in told


def test_a_call_that_runs_as_python_is_told_with_its_reason() -> None:
    net, x = Net(), torch.ones(1, 4)
    net(x)
    with log.heard("bind") as told, torch.autocast("cpu"), pytest.warns(scriptkit.ScriptkitEagerWarning):
        net(x)
    assert told == ["Net runs as Python: autocast is on, and compiled code follows other dtype rules"]


def test_what_is_compiled_is_told_once() -> None:
    with log.heard("compile") as told:
        Fresh = type("Fresh", (Net,), {})
        Fresh()
        first = list(told)
        Fresh()
    assert "the type of `Fresh`: `forward`" in first
    assert told == first


def test_a_refusal_of_the_plan_is_told_with_its_line() -> None:
    class Branching(nn.Module):
        def forward(self, x: Tensor, **options: object) -> Tensor:
            return x * float(x.numpy().sum())

    with log.heard("plan") as told, pytest.raises(scriptkit.ScriptkitError):
        scriptkit.compile(Branching(), (torch.ones(3),))
    for way in ("script", "lowered", "trace"):
        assert any(text.startswith(f"Branching: {way}: no: test_log.py:") for text in told), told


def test_programs_with_handlers_of_their_own_hear_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "scriptkit.plan"):
        type("Fresh", (Net,), {})()
    assert ("scriptkit.plan", logging.DEBUG, "Fresh: scripted: its source scripts") in caplog.record_tuples


@pytest.fixture
def topics() -> Iterator[None]:
    """The loggers of the topics, put back afterwards."""
    loggers = [logging.getLogger(f"scriptkit.{topic}") for topic in log.TOPICS]
    before = [(one.handlers[:], one.propagate, one.level) for one in loggers]
    yield
    for one, (handlers, propagate, level) in zip(loggers, before, strict=True):
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


@pytest.mark.usefixtures("topics")
def test_topics_are_turned_on_by_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    log.turn_on("plan, ,bind,nothing")
    log.plan.debug("planned %d", 3)
    log.facts.debug("not asked for")
    unknown, planned = capsys.readouterr().err.splitlines()
    assert unknown.startswith("scriptkit: SCRIPTKIT_LOG names `nothing`, which is no topic; write some of: plan, ")
    assert planned == "scriptkit[plan] planned 3"
    log.turn_on("all")
    log.facts.debug("asked for")
    assert capsys.readouterr().err == "scriptkit[facts] asked for\n"


def test_a_call_that_finds_nothing_changed_asks_no_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    net, x = Net(), torch.ones(1, 4)
    for _ in range(20):
        net(x)
    asked: list[int] = []

    def note(self: logging.Logger, level: int) -> bool:
        asked.append(level)
        return False

    monkeypatch.setattr(logging.Logger, "isEnabledFor", note)
    net(x)
    assert asked == []
    net.fc.bias = nn.Parameter(torch.zeros(2))
    net(x)
    assert asked, "the test of the test: a change asks"


def test_the_guide_to_debugging_explains_every_topic(root: Path) -> None:
    page = (root / "docs/debugging.md").read_text(encoding="utf-8")
    for topic, what in log.TOPICS.items():
        assert f"| `{topic}` | {what} |" in page
