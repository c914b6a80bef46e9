"""What a terminal shows besides the words: colours, and how far a long run is."""

from __future__ import annotations

import io
import sys

import pytest

from scriptkit import check_source
from scriptkit.cli import output

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


def test_a_terminal_gets_colours_and_the_same_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = check_source(BAD, path="bad.py", all_modules=True)
    output.as_text(found, 1)
    plain = capsys.readouterr().out
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", terminal)
    output.as_text(found, 1)
    painted = terminal.getvalue()
    assert "\x1b[" in painted
    assert "".join(part.partition("m")[2] if n else part for n, part in enumerate(painted.split("\x1b["))) == plain


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
