"""The installed torch decides on the rules of the export engine: what is VALID is exported, what is INVALID is not."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import torch

import scriptkit
from scriptkit.rules import Invalid, Rule, all_rules
from scriptkit.rules.examples import marked_line
from tests.rules.test_ground_truth import instance

if TYPE_CHECKING:
    from pathlib import Path

RULES = [rule for rule in all_rules() if rule.engine == "export"]
VALID = [pytest.param(rule, example, id=f"{rule.name}-{i}") for rule in RULES for i, example in enumerate(rule.VALID)]
INVALID = [
    pytest.param(rule, example, id=f"{rule.name}-{i}") for rule in RULES for i, example in enumerate(rule.INVALID)
]


@pytest.mark.parametrize(("rule", "example"), VALID)
def test_what_a_rule_calls_valid_is_exported_and_equals_eager(rule: Rule, example: str, tmp_path: Path) -> None:
    module, names = instance(example, tmp_path)
    needs_list = "List[Tensor]" in example and rule.name == "export-container-argument"
    inputs = (torch.randn(2, 2), [torch.randn(2, 2)]) if needs_list else (torch.randn(2, 2),)
    del names
    exported = scriptkit.export_program(copy.deepcopy(module), copy.deepcopy(inputs))
    for _ in range(2):
        torch.testing.assert_close(exported(*copy.deepcopy(inputs)), module(*copy.deepcopy(inputs)))


@pytest.mark.parametrize(("rule", "example"), INVALID)
def test_what_a_rule_calls_invalid_is_refused_or_computes_something_else(
    rule: Rule, example: Invalid, tmp_path: Path
) -> None:
    module, names = instance(example.source, tmp_path)
    inputs: tuple[Any, ...] = eval(example.inputs, names)
    if example.torch_says is None:
        program = torch.export.export(copy.deepcopy(module), copy.deepcopy(inputs), strict=False).module()
        eager_inputs, program_inputs = copy.deepcopy(inputs), copy.deepcopy(inputs)
        module(*eager_inputs)
        program(*program_inputs)
        assert str(eager_inputs) != str(program_inputs), rule.name
        return
    with pytest.raises(scriptkit.ExportError) as caught:
        scriptkit.export_program(module, inputs)
    assert example.torch_says in str(caught.value)
    assert any(found.line == marked_line(example.source) for found in caught.value.diagnostics), caught.value
