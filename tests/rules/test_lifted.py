"""What a lifted rule finds in plain modules works in a `ScriptableModule`: it compiles there, and equals eager."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch

import scriptkit
from scriptkit.rules import all_rules
from scriptkit.rules.examples import program
from tests.rules.loading import load_file

if TYPE_CHECKING:
    from pathlib import Path

LIFTED = [
    pytest.param(example.source, example.inputs, id=f"{rule.name}-{i}")
    for rule in all_rules()
    if rule.lifted
    for i, example in enumerate(rule.INVALID)
]


@pytest.mark.parametrize(("source", "inputs"), LIFTED)
def test_the_mistake_compiles_in_a_scriptable_module_and_equals_eager(source: str, inputs: str, tmp_path: Path) -> None:
    future, text = "from __future__ import annotations\n", program(source).replace("(nn.Module)", "(ScriptableModule)")
    head = future if text.startswith(future) else ""
    path = tmp_path / f"lifted_{abs(hash(source))}.py"
    path.write_text(f"{head}from scriptkit import ScriptableModule\n{text.removeprefix(future)}")
    names = vars(load_file(path))
    module = names["Model"]()
    arguments = eval(inputs, names) if inputs else (torch.ones(2, 2),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hooks and lazy modules run as Python, and say so
        compiled: Any = module(*arguments)
        with scriptkit.eager():
            eager = module(*arguments)
    assert torch.equal(compiled, eager)
    assert compiled.requires_grad == eager.requires_grad
