"""Every help of every rule, done: torch compiles the program, it computes what Python does, and `check` is content."""

from __future__ import annotations

import copy
import re
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch

from scriptkit.checking import check_source
from scriptkit.rules import all_rules
from scriptkit.rules.examples import program
from tests.rules.loading import load_file
from tests.rules.repairs import REPAIRS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.rules import Rule

RULES = {rule.name: rule for rule in all_rules() if rule.engine == "torchscript"}
PARTS = [pytest.param(name, number, id=f"{name}-{number}") for name, given in REPAIRS.items() for number in given]

OTHER_RESULTS = {
    "undefined-name-1": "what `missing` was meant to be is the author's to say",
    "tuple-index-not-constant-1": "a list holds tensors only",
    "index-forms-0": "Python refuses it as well",
    "return-type-mismatch-0": "the declared type is the one that is meant",
    "returned-tensor-converted-0": "the declared type is the one that is meant",
    "varargs-definition-0": "the caller gives a list",
    "third-party-call-1": "other random numbers",
    "third-party-call-2": "the time",
    "no-matching-overload-0": "Python refuses it as well",
    "fstring-format-spec-0": "the digits are given where the model is called",
    "fstring-format-spec-1": "`!r` is left out",
    "str-of-value-0": "`%f` has a fixed number of digits",
    "int-wrap-0": "a smaller number",
    "tuple-swap-loop-0": "both are Python's, of other tensors",
    "decorated-method-0": "the example is the undecorated one to torch",
}
"""Repairs whose program is not meant to compute what the example computes in Python."""

INPUTS = {
    "kwonly-default-0": (torch.ones(2, 3),),
    "mutable-default-0": (torch.ones(2, 3), [3, 4]),
    "or-on-non-bool-0": (torch.ones(2, 3), 1),
    "range-forms-0": (torch.ones(2, 3), torch.tensor(2)),
    "tensor-on-default-device-0": (torch.ones(3),),
    "tuple-swap-loop-0": (torch.tensor([1.0, 2.0, 3.0]),),
}
IN_NO_FILE = {"future-annotations-0"}
"""What is marked as ignored stays in Python."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize(("name", "number"), PARTS)
def test_what_a_help_proposes_compiles_and_computes_what_python_does(name: str, number: int, tmp_path: Path) -> None:
    broken = program(RULES[name].INVALID[number].source)
    repaired = _repaired(broken, name, number)
    assert [d.message for d in check_source(repaired, all_modules=True) if d.severity == "error"] == []
    assert name not in {d.name for d in check_source(repaired, all_modules=True)}
    module, names = _module(repaired, tmp_path)
    example = f"{name}-{number}"
    inputs = INPUTS.get(example) or _inputs(module, names)
    torch.manual_seed(0)
    expected = _plain(copy.deepcopy(module)(*copy.deepcopy(inputs)))
    scripted = torch.jit.script(module)
    torch.manual_seed(0)
    assert _same(_plain(scripted(*copy.deepcopy(inputs))), expected)
    if example not in IN_NO_FILE:
        scripted.save_to_buffer()
    if example not in OTHER_RESULTS:
        _require_as_before(broken, INPUTS.get(example), expected, tmp_path)


def test_every_kind_of_help_has_its_repair() -> None:
    lacking = []
    for name, rule in RULES.items():
        told = {_kind(found) for number in REPAIRS.get(name, ()) for found in _found(rule, number)}
        for number in range(len(rule.INVALID)):
            lacking += [f"{name}-{number}" for found in _found(rule, number) if _kind(found) not in told]
    assert lacking == []


def _found(rule: Rule, number: int) -> list[Diagnostic]:
    found = check_source(program(rule.INVALID[number].source), all_modules=True)
    return [one for one in found if one.name == rule.name and "no way" not in one.help][:1]


def _kind(found: Diagnostic) -> tuple[str, bool]:
    """A help without the names of the example."""
    return re.sub("`[^`]*`", "``", found.help), bool(found.suggestion)


def _repaired(text: str, name: str, number: int) -> str:
    for old, new in REPAIRS[name][number]:
        assert old in text, f"{old!r} is not in\n{text}"
        text = text.replace(old, new)
    return text


def _require_as_before(broken: str, inputs: tuple[Any, ...] | None, expected: Any, folder: Path) -> None:
    """What the example computed in Python, where Python computes it."""
    try:
        module, names = _module(broken, folder)
        before = _plain(module(*copy.deepcopy(inputs or _inputs(module, names))))
    except Exception:  # noqa: BLE001 - what Python refuses has no result to compare with
        return
    if before is not None:
        assert _same(before, expected)


def _module(text: str, folder: Path) -> tuple[Any, dict[str, Any]]:
    path = folder / f"example_{abs(hash(text))}.py"
    path.write_text(text)
    torch.manual_seed(0)
    names = vars(load_file(path))
    made = names.get("made", names.get("Model"))
    return (made() if isinstance(made, type) else made), names


def _inputs(module: Any, names: dict[str, Any]) -> tuple[Any, ...]:
    """Arguments by the annotations of `forward`."""
    tensor = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    function = type(module).forward.__code__
    given = type(module).forward.__annotations__
    values = {
        "Tensor": tensor,
        "int": 2,
        "float": 1.5,
        "bool": True,
        "str": "a",
        "Any": 1.5,
        "List[Tensor]": [tensor, tensor + 1],
        "List[int]": [1, 2],
        "List[Optional[Tensor]]": [tensor, None],
        "Dict[str, Tensor]": {"x": tensor, "z": tensor + 1},
        "Optional[Tensor]": tensor,
        "Optional[List[int]]": [2, 3],
        "Optional[float]": 2.0,
        "Pool": next(iter(names["Pool"])) if "Pool" in names else None,
    }
    made = []
    for parameter in function.co_varnames[1 : function.co_argcount]:
        written = given.get(parameter, torch.Tensor)
        text = written if isinstance(written, str) else getattr(written, "__name__", None) or str(written)
        if str(written).startswith("typing."):
            text = str(written).replace("typing.", "").replace("torch.Tensor", "Tensor")
        made.append(values[text])
    return tuple(made)


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, tuple) else value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.dtype == other.dtype and one.shape == other.shape and torch.allclose(one, other)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return type(one) is type(other) and bool(one == other)
