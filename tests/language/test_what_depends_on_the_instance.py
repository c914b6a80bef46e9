"""What some instances do and others do not, or one training mode only: warnings; the live module decides."""

from __future__ import annotations

import pytest

import scriptkit
from scriptkit.diagnostics import Diagnostic

HEAD = "import torch\nfrom torch import Tensor, nn\n"
CONDITIONAL = """
class Model(nn.Module):
    def __init__(self, size: int, merge: bool = True, *, wide: bool = False) -> None:
        super().__init__()
        self.merge = merge
        if TEST:
            self.fc = nn.Linear(size, size)

    def forward(self, x: Tensor) -> Tensor:
        if self.merge:
            x = self.fc(x)
        return x
"""


def found(text: str) -> list[Diagnostic]:
    return scriptkit.check_source(HEAD + text, all_modules=True)


@pytest.mark.parametrize(
    "made", ["", "Model(2)", "Model(2, True)", "Model(2, flag)", "Model(*sizes)", "Other(2, False)"]
)
def test_an_attribute_under_a_flag_is_a_warning(made: str) -> None:
    [one] = found(CONDITIONAL.replace("TEST", "merge") + made)
    assert (one.name, one.severity) == ("attribute-conditionally-defined", "warning")


@pytest.mark.parametrize(
    ("test", "made"),
    [
        ("merge", "Model(2, False)"),
        ("merge", "model = Model(size=2, merge=False)"),
        ("not merge", "Model(2)"),
        ("wide", "Model(2, wide=False)"),
        ("wide", "Model(2)"),
    ],
)
def test_where_the_file_makes_an_instance_without_it_it_is_an_error(test: str, made: str) -> None:
    [one] = found(CONDITIONAL.replace("TEST", test) + made)
    assert (one.name, one.severity) == ("attribute-conditionally-defined", "error")


def test_deeper_conditions_are_left_to_the_live_module() -> None:
    text = CONDITIONAL.replace("if TEST:\n            self", "if merge:\n          if wide:\n            self")
    [one] = found(text + "Model(2, False)")
    assert one.severity == "warning"


UNUSED = """
class Model(nn.Module):
    @torch.jit.unused
    def loss(self, x: Tensor) -> Tensor:
        return x.sum()

    def forward(self, x: Tensor) -> Tensor:
        if TEST:
            x = self.loss(x)
        return x
"""


@pytest.mark.parametrize(
    ("test", "severity"),
    [("self.training", "warning"), ("self.training and x.dim() > 1", "warning"), ("x.dim() > 1", "error")],
)
def test_an_unused_method_called_in_one_training_mode_is_a_warning(test: str, severity: str) -> None:
    [one] = found(UNUSED.replace("TEST", test))
    assert (one.name, one.severity) == ("unused-method", severity)
