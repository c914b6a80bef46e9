"""`verify_loaded` compares a file with the Python of its module; other weights, errors and refusals are told apart."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import OtherCallError
from scriptkit.verification import verify, verify_loaded


class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"y": self.fc(x)}


class Counts(ScriptableModule):
    """Results that carry no gradient, although there are parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return (self.fc(x) > 0).sum()


def loaded(module: nn.Module) -> Any:
    file = io.BytesIO()
    scriptkit.save(module, file, example_inputs=(torch.ones(2, 4),))
    file.seek(0)
    return scriptkit.load(file)


def test_a_file_of_the_same_weights_passes() -> None:
    net = Net()
    report = verify_loaded(net, loaded(net), (torch.randn(2, 4),))
    assert report.passed
    assert len(report.comparisons) > 3
    assert {comparison.form for comparison in report.comparisons} == {"loaded"}


def test_a_file_of_other_weights_differs_at_the_output() -> None:
    report = verify_loaded(Net(), loaded(Net()), (torch.randn(2, 4),))
    assert not report.passed
    assert "y" in str(report)


def test_a_file_that_raises_where_python_does_not_is_told() -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("no kernel for this")

    report = verify_loaded(Net(), broken, (torch.randn(2, 4),))
    assert not report.passed
    assert "the file raises" in str(report)
    assert "no kernel for this" in str(report)


def test_a_file_that_says_it_was_traced_for_other_inputs_is_skipped_there_and_wrong_on_the_example() -> None:
    net = Net()

    def traced(x: Tensor) -> Any:
        if x.size(0) != 2:
            raise OtherCallError("traced for 2 rows")
        return net(x)

    report = verify_loaded(net, traced, (torch.randn(2, 4),))
    assert report.passed
    assert any("traced for 2 rows" in text for text in report.skipped)
    assert not verify_loaded(net, traced, (torch.randn(3, 4),)).passed


@pytest.mark.parametrize("given", [torch.randn(2, 5), torch.ones(2, 4, dtype=torch.int64)])
def test_inputs_that_python_refuses_say_nothing_of_the_file(given: Tensor) -> None:
    report = verify_loaded(Net(), lambda *_: None, (given,))
    assert not report.passed  # nothing was compared
    assert any("eager code raises" in text for text in report.skipped)


def test_results_without_gradients_have_none_in_any_form() -> None:
    report = verify(Counts(), (torch.randn(2, 4),))
    assert report.passed
    assert "gradients" in {comparison.inputs for comparison in report.comparisons}
