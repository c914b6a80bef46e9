"""`scriptkit rules`, `explain` and `doctor`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from scriptkit.cli import COMMANDS, main
from scriptkit.rules import Rule, all_rules


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_rules_lists_every_rule_with_its_code() -> None:
    listed = run("rules").output.splitlines()
    assert [line.split()[:2] for line in listed] == [[rule.code, rule.name] for rule in all_rules()]


def test_rules_speaks_json() -> None:
    facts = json.loads(run("rules", "--format", "json").output)
    assert {fact["name"] for fact in facts if fact["optional"]} == {"module-list-literal-index"}


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in all_rules()])
def test_explain_shows_what_is_found_and_what_to_write(rule: Rule) -> None:
    page = run("explain", rule.name).output
    assert page.startswith(f"{rule.code} {rule.name}\n")
    assert "Write instead" in page
    assert page == run("explain", rule.code).output


def test_explain_knows_the_error_no_rule_explains() -> None:
    assert run("explain", "SK000").output.startswith("SK000 compiler-error")


def test_explain_of_an_unknown_rule_exits_with_2() -> None:
    result = run("explain", "no-such-rule")
    assert result.exit_code == 2
    assert "names no rule" in result.output


def test_doctor_tells_the_versions() -> None:
    result = run("doctor")
    assert result.exit_code == 0
    assert "torch 2." in result.output
    assert "Python 3." in result.output


def test_help_lists_every_command() -> None:
    listed = run("--help").output
    assert all(name in listed for name in COMMANDS)


@pytest.mark.parametrize(
    ("word", "name"), [("list-index", "module-list-index"), ("bytes-litteral", "bytes-literal")], ids=lambda word: word
)
def test_explain_names_the_rules_near_a_word_that_names_none(word: str, name: str) -> None:
    told = run("explain", word).output
    assert f"`{word}` names no rule; near it: " in told
    assert name in told
