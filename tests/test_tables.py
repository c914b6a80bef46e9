"""Tables of words: the same cells as text, drawn by rich, and as HTML."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from scriptkit.tables import Table, Tabular

TABLE = Table(("module", "bytes"), (("  conv: <Conv>", "12"), ("[red]", "3")), "of a & b", frozenset({"bytes"}))


def test_numbers_stand_to_the_right_and_indentation_stays() -> None:
    assert str(TABLE).splitlines() == [
        "of a & b",
        "module          bytes",
        "  conv: <Conv>     12",
        "[red]               3",
    ]


def test_rich_draws_words_that_look_like_its_markup_as_they_are() -> None:
    drawn = io.StringIO()
    Console(file=drawn, width=60).print(TABLE)
    assert "[red]" in drawn.getvalue()
    assert "of a & b" in drawn.getvalue()


def test_html_escapes_what_it_is_given() -> None:
    text = TABLE.as_html()
    assert "&lt;Conv&gt;" in text
    assert "of a &amp; b" in text
    assert "<caption>" not in Table(("a",), ()).as_html()


def test_a_notebook_shows_the_table_of_what_has_one() -> None:
    class Told(Tabular):
        def as_table(self) -> Table:
            return TABLE

    assert Told()._repr_html_() == TABLE.as_html()
    with pytest.raises(NotImplementedError):
        Tabular().as_table()
