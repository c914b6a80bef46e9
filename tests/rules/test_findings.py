"""Each rule finds its INVALID examples at the marked line, spares every VALID one, and keeps to the style."""

from __future__ import annotations

import re

import pytest

from scriptkit.checking import Selection
from scriptkit.checking.judging import judge_text
from scriptkit.compiling.tracing.hazards import KINDS
from scriptkit.diagnostics import Diagnostic
from scriptkit.rules import Rule, all_rules, rule_named
from scriptkit.rules.examples import marked_line, program

VALID = [
    pytest.param(rule, example, id=f"{rule.name}-{i}") for rule in all_rules() for i, example in enumerate(rule.VALID)
]
INVALID = [
    pytest.param(rule, example.source, id=f"{rule.name}-{i}")
    for rule in all_rules()
    for i, example in enumerate(rule.INVALID)
    if rule.holds() and example.holds()
]
BANNED = re.compile(r"\b(illegal|wrong|bad|simply|just|please|sorry|did you mean|try)\b|!", re.IGNORECASE)
LONGEST_MESSAGE = 88
LONGEST_LABEL = 8


def findings(rule: Rule, example: str) -> list[Diagnostic]:
    """Everything found in an example, with the rule switched on that is off by default."""
    selection = Selection(select=("ALL", rule.name), engines=(rule.engine,))
    return judge_text(program(example), "example.py", selection, all_modules=True)


@pytest.mark.parametrize(("rule", "example"), INVALID)
def test_a_rule_finds_its_invalid_examples_at_the_marked_line_and_nothing_else_does(rule: Rule, example: str) -> None:
    found = findings(rule, example)
    assert [d.name for d in found] == [rule.name]
    assert found[0].line == marked_line(example)


@pytest.mark.parametrize(("rule", "example"), VALID)
def test_no_rule_finds_anything_in_a_valid_example(rule: Rule, example: str) -> None:
    assert findings(rule, example) == []


@pytest.mark.parametrize(("rule", "example"), INVALID)
def test_what_a_rule_says_keeps_to_the_style(rule: Rule, example: str) -> None:
    for d in findings(rule, example):
        assert len(d.message) <= LONGEST_MESSAGE, d.message
        assert not d.message.endswith("."), d.message
        assert d.message[0] == "`" or d.message[0].islower() or not d.message[0].isalpha(), d.message
        assert "`" in d.message, "the message names nothing of the user's"
        assert d.label, "no label"
        assert len(d.label.split()) <= LONGEST_LABEL, d.label
        assert d.note, "no note"
        assert d.help, "no help"
        assert d.help[0].islower() or d.help[0] == "`", d.help
        assert not d.help.endswith("."), d.help
        words = re.sub("`[^`]*`", "", f"{d.message} {d.label} {d.note} {d.help}")
        assert not BANNED.search(words), words
        assert d.method or rule.name in IN_CLASS_BODY, "the method is not named"


IN_CLASS_BODY = {
    "submodule-annotation",
    "string-annotation",
    "future-annotations-attribute",
    "script-class-not-instance",
    "unsupported-annotation",
    "dataclass-limits",
}


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in all_rules() if rule.lifted])
def test_a_lifted_rule_is_silent_in_a_scriptable_module(rule: Rule) -> None:
    for example in rule.INVALID:
        source = program(example.source).replace("(nn.Module)", "(ScriptableModule)")
        future, _, rest = (
            source.rpartition("annotations\n") if source.startswith("from __future__") else ("", "", source)
        )
        text = f"{future}annotations\n" if future else ""
        found = judge_text(f"{text}from scriptkit import ScriptableModule\n{rest}", "example.py", Selection())
        assert found == []


def test_no_code_of_a_rule_is_one_of_a_hazard() -> None:
    rules = {one for rule in all_rules() for one in (rule.code, rule.name)}
    assert not rules & {one for kind in KINDS for one in (kind.code, kind.name)}


def test_codes_and_names_are_unique() -> None:
    rules = all_rules()
    assert len({rule.code for rule in rules}) == len(rules)
    assert len({rule.name for rule in rules}) == len(rules)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.name) for rule in all_rules()])
def test_a_rule_has_a_file_of_its_name_documentation_and_examples(rule: Rule) -> None:
    assert type(rule).__module__ == f"scriptkit.rules.{rule.name.replace('-', '_')}"
    assert re.fullmatch(r"SK[1-9]\d\d", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.__doc__
    assert rule.VALID
    assert rule.INVALID or rule.optional


def test_a_rule_is_found_by_name_and_by_code() -> None:
    walrus = rule_named("walrus")
    assert rule_named(walrus.code) is walrus
    with pytest.raises(KeyError):
        rule_named("no-such-rule")


def test_the_optional_rule_finds_any_index_into_a_container_of_modules_where_it_is_selected() -> None:
    source = """
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.ReLU()])
            self.heads = nn.ModuleDict({"a": nn.ReLU()})

        def forward(self, x: Tensor) -> Tensor:
            return self.layers[0](x) + self.heads["a"](x) + x[0]
    """
    found = findings(rule_named("module-list-literal-index"), source)
    assert [d.message for d in found] == [
        "`self.layers[0]` indexes a `ModuleList`",
        "`self.heads['a']` indexes a `ModuleDict`",
    ]
    assert judge_text(program(source), "example.py", Selection(), all_modules=True) == []
