"""Lines and columns become positions of an editor and come back, at the ends of a text as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("pygls", reason='the language server needs `pip install "scriptkit[lsp]"`')

from lsprotocol import types

from scriptkit.cli import main
from scriptkit.fixing.editing import Change
from scriptkit.lsp import pages
from scriptkit.lsp.positions import Positions

SMILE = "a🙂b\n\x0cé = 1\r\nlast"


@pytest.mark.parametrize(("encoding", "units"), [("utf-8", 5), ("utf-16", 3), ("utf-32", 2)])
def test_a_character_has_as_many_units_as_the_encoding_says(encoding: str, units: int) -> None:
    positions = Positions(SMILE, encoding)
    assert positions.at(1, 3) == types.Position(0, units)
    assert positions.place(types.Position(0, units)) == (1, 3)


def test_a_form_feed_ends_no_line() -> None:
    positions = Positions(SMILE)
    assert positions.lines == ["a🙂b", "\x0cé = 1", "last"]
    assert positions.at(2, 2) == types.Position(1, 1)
    assert positions.whole() == types.Range(types.Position(0, 0), types.Position(2, 4))


def test_places_beyond_the_text_are_moved_to_its_end() -> None:
    assert Positions("").at(1, 1) == types.Position(0, 0)
    assert Positions("").at(9, 9) == types.Position(0, 0)
    assert Positions("").whole() == types.Range(types.Position(0, 0), types.Position(0, 0))
    assert Positions("ab").at(1, 99) == types.Position(0, 2)
    assert Positions("ab").at(5, 1) == types.Position(0, 0)
    assert Positions("ab\n").at(2, 1) == types.Position(1, 0)
    assert Positions("ab\n").whole() == types.Range(types.Position(0, 0), types.Position(1, 0))
    assert Positions("ab").place(types.Position(7, 7)) == (8, 1)


def test_an_edit_ends_lines_as_the_text_does() -> None:
    change = Change(1, 1, 1, 1, "new\n")
    assert Positions("a\r\nb\r\n").edit(change).new_text == "new\r\n"
    assert Positions("a").edit(change).new_text == "new\n"


def test_a_rule_has_a_page_that_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pages.address.cache_clear()
    address = pages.address("walrus")
    assert address is not None
    file = Path(address.removeprefix("file://"))
    before = file.stat().st_mtime_ns
    pages.address.cache_clear()
    assert pages.address("walrus") == address
    assert file.stat().st_mtime_ns == before
    assert pages.address("no-such-rule") is None


def test_a_page_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "taken"))
    pages.address.cache_clear()
    assert pages.address("walrus") is None
    pages.address.cache_clear()


def test_without_pygls_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = CliRunner().invoke(main, ["lsp"])
    assert result.exit_code == 2
    assert 'pip install "scriptkit[lsp]"' in result.output


def test_the_command_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    served = []
    monkeypatch.setattr("scriptkit.lsp.server.ScriptkitServer.start_io", lambda _: served.append(True))
    assert CliRunner().invoke(main, ["lsp", "--stdio"]).exit_code == 0
    assert served == [True]
