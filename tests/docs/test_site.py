"""The site: what is printed is painted and stays what it is, the compiler's words lead to rules, and the like."""

from __future__ import annotations

import re

import pytest

from scriptkit import check_source
from scriptkit.diagnostics import render
from scriptkit.fixing import is_repaired
from scriptkit.rules import all_rules, rule_named
from tools.readme import DOCS

BAD = "from torch import nn\nclass A(nn.Module):\n    def forward(self, x):\n        return (lambda t: t)(x)\n"


def painted(text: str) -> list[tuple[str, str]]:
    pytest.importorskip("pygments", reason="the site is painted by pygments")
    from tools.finding_lexer import FindingLexer

    return [(str(kind).removeprefix("Token."), part) for kind, part in FindingLexer().get_tokens(text)]


def test_a_finding_is_painted_as_a_terminal_paints_it() -> None:
    (found,) = check_source(BAD, path="a.py", all_modules=True)
    kinds = {kind for kind, _ in painted(render(found, BAD))}
    assert {"Generic.Error", "Generic.Traceback", "Generic.Heading", "Generic.Output"} <= kinds


@pytest.mark.parametrize(
    "text", ["", "\n\n", "plain\n", "no end", "error: x\n\n+a\n-b\n--- c\n+++ d\n@@ e\n", "KeyError: 'a'\n"]
)
def test_painting_changes_no_word_and_comes_to_an_end(text: str) -> None:
    assert "".join(part for _, part in painted(text)).strip("\n") == text.strip("\n")


def test_the_words_of_the_compiler_lead_to_their_rules() -> None:
    """On a page of their own, and on that of the rule: the search of the site knows both."""
    table = (DOCS / "messages.md").read_text(encoding="utf-8").replace("\\|", "|").splitlines()
    rows = {rule.name: [row for row in table if f"rules/{rule.name}.md" in row] for rule in all_rules()}
    for rule in all_rules():
        page = (DOCS / "rules" / f"{rule.name}.md").read_text(encoding="utf-8")
        for example in rule.INVALID:
            if example.torch_says:
                words = " ".join(example.torch_says.split())
                assert words in " ".join(page.split()).replace("\\|", "|")
                if rule.engine == "torchscript":
                    assert any(f"`{words}`" in row.replace("`` ", "`").replace(" ``", "`") for row in rows[rule.name])


def test_the_list_of_rules_says_what_is_repaired() -> None:
    listed = (DOCS / "rules.md").read_text(encoding="utf-8")
    repaired = set(re.findall(r"^\| SK\d+ \| \[([\w-]+)\].*\| yes \|$", listed, re.MULTILINE))
    assert repaired == {rule.name for rule in all_rules() if is_repaired(rule)}
    assert is_repaired(rule_named("eq-none"))


def test_no_rule_stands_in_the_sidebar() -> None:
    for page in (DOCS / "rules").glob("*.md"):
        assert page.read_text(encoding="utf-8").startswith("---\norphan: true\n---\n")
    assert not [
        page for page in DOCS.glob("*.md") if re.search(r"^rules/", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
