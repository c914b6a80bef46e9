"""What a terminal shows besides the words: colours, and how far a long run is."""

from __future__ import annotations

import io
import sys

import pytest

from scriptkit import check_source
from scriptkit.cli import output
from scriptkit.cli.reports.plain import as_text
from scriptkit.cli.reports.report import Report

BAD = """\
from torch import Tensor, nn

class Bad(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (lambda t: t)(x)
"""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def drawing() -> str:
    return as_text(Report(check_source(BAD, path="bad.py", all_modules=True), ["bad.py"]))


def unpainted(text: str) -> str:
    return "".join(part.partition("m")[2] if n else part for n, part in enumerate(text.split("\x1b[")))


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, **environment: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"TERM": "xterm", "COLUMNS": "200"} | environment).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", stream)
    output.show(drawing())
    return stream.getvalue()


def test_a_terminal_gets_colours_and_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    painted = shown(monkeypatch, Terminal())
    assert "\x1b[" in painted
    assert unpainted(painted) == drawing()


def test_colours_are_readable_on_black_and_on_white(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bold, red and magenta; neither blue, which black swallows, nor yellow, which white does."""
    codes = {
        code
        for part in shown(monkeypatch, Terminal()).split("\x1b[")[1:]
        for code in part[: part.index("m")].split(";")
    }
    assert codes <= {"0", "1", "31", "35"}


@pytest.mark.parametrize(
    ("stream", "environment", "is_painted"),
    [
        (io.StringIO, {}, False),
        (io.StringIO, {"FORCE_COLOR": "1"}, True),
        (io.StringIO, {"FORCE_COLOR": ""}, False),
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"NO_COLOR": ""}, True),
        (Terminal, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (Terminal, {"TERM": "dumb"}, False),
    ],
)
def test_when_there_are_colours(
    stream: type[io.StringIO], environment: dict[str, str], is_painted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ("\x1b[" in shown(monkeypatch, stream(), **environment)) == is_painted


def test_a_terminal_gets_notes_that_end_at_words(monkeypatch: pytest.MonkeyPatch) -> None:
    told = shown(monkeypatch, Terminal(), NO_COLOR="1", COLUMNS="60")
    assert max(len(line) for line in told.splitlines() if "|" not in line) <= 60
    assert " ".join(told.split()) == " ".join(drawing().split())
    assert "\n          " in told
    assert shown(monkeypatch, io.StringIO(), COLUMNS="60") == drawing()


def test_what_takes_its_time_is_said_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, words in ((Terminal(), "compiling net"), (io.StringIO(), "")):
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stderr", stream)
        with output.working("compiling net"):
            pass
        assert words in stream.getvalue()
        assert words or not stream.getvalue()


@pytest.mark.parametrize(("count", "is_shown"), [(output.LONG, True), (output.LONG - 1, False)])
def test_a_long_run_shows_on_a_terminal_how_far_it_is(
    count: int, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(output.progress(range(count), count)) == list(range(count))
    assert ("checking" in terminal.getvalue()) == is_shown


def test_a_long_run_into_a_file_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(output.progress(range(200), 200)) == list(range(200))
    assert stream.getvalue() == ""
