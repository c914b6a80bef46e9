"""The installed torch decides: it accepts every VALID example and refuses, or changes, every INVALID one."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch

from scriptkit.rules import Invalid, Rule, all_rules
from scriptkit.rules.examples import program
from tests.rules.loading import load_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULES = [rule for rule in all_rules() if rule.engine == "torchscript"]
VALID = [pytest.param(example, id=f"{rule.name}-{i}") for rule in RULES for i, example in enumerate(rule.VALID)]
INVALID = [
    pytest.param(rule, example, id=f"{rule.name}-{i}")
    for rule in RULES
    for i, example in enumerate(rule.INVALID)
    if rule.holds() and example.holds()
]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The compiler warns of code it accepts; here only its verdict counts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def instance(example: str, folder: Path) -> tuple[Any, dict[str, Any]]:
    """The module an example defines (what it calls `made`, or its last class), and the names of its file."""
    path = folder / f"example_{abs(hash(example))}.py"
    path.write_text(program(example))
    names = vars(load_file(path))
    if "made" in names:
        return names["made"], names
    classes = [
        v
        for v in names.values()
        if isinstance(v, type) and v.__module__ == path.stem and issubclass(v, torch.nn.Module)
    ]
    return classes[-1](), names


@pytest.mark.parametrize("example", VALID)
def test_torch_compiles_what_a_rule_calls_valid(example: str, tmp_path: Path) -> None:
    torch.jit.script(instance(example, tmp_path)[0])


SAID_ELSEWHERE = {
    "Cannot instantiate class 'Softplus' in a script function": "Class Softplus does not have an __init__ function",
    "Failed to get source for <function Out.__init__": "Expected <function Out.__init__ at",
}
"""What torch says instead, in a process that compiled an instance of the class before, or on Python 3.13."""


@pytest.mark.parametrize(("rule", "example"), INVALID)
def test_torch_refuses_or_changes_what_a_rule_calls_invalid(rule: Rule, example: Invalid, tmp_path: Path) -> None:
    if example.torch_says is None:
        module, names = instance(example.source, tmp_path)
        inputs = eval(example.inputs, names)
        assert not same(eager(module, inputs), torch.jit.script(module)(*inputs)), rule.name
        return
    with pytest.raises(Exception) as caught:
        use(*instance(example.source, tmp_path), example)
    told = " ".join(str(caught.value).split())
    assert example.torch_says in told or SAID_ELSEWHERE.get(example.torch_says, example.torch_says) in told, rule.name


def eager(module: Any, inputs: tuple[Any, ...]) -> Any:
    """What Python gives, or that it refuses the values it is given: compiled code then goes on with them."""
    try:
        return module(*inputs)
    except ValueError as refusal:
        return refusal


def use(module: Any, names: dict[str, Any], example: Invalid) -> None:
    """Compile, and then call or save, if that is what torch refuses."""
    scripted = torch.jit.script(module)
    if example.inputs:
        scripted(*eval(example.inputs, names))
    if example.saved:
        torch.jit.save(scripted, io.BytesIO())


def same(expected: Any, compiled: Any) -> bool:
    """Whether two results are equal, also in type and in whether they carry a gradient."""
    if isinstance(expected, torch.Tensor) and isinstance(compiled, torch.Tensor):
        is_alike = expected.dtype == compiled.dtype and expected.requires_grad == compiled.requires_grad
        return is_alike and torch.equal(expected, compiled)
    return type(expected) is type(compiled) and bool(expected == compiled)
