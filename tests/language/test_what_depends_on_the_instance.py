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


AFTER_A_TEST = """
class Model(nn.Embedding):
    def forward(self, x: Tensor, given=None) -> Tensor:
        TEST
        return super().forward(x)
"""


@pytest.mark.parametrize(
    ("test", "severity"),
    [
        ("assert (given is None) or (self.padding_idx is None)", "warning"),
        ("if self.padding_idx is not None:\n            raise ValueError(1)", "warning"),
        ("assert x.dim() == 1", "error"),
        ("if x.dim() == 1:\n            raise ValueError(1)", "error"),
        ("assert self.padding_idx is not None", "error"),
    ],
)
def test_what_an_instance_may_end_before_is_a_warning(test: str, severity: str) -> None:
    text = AFTER_A_TEST.replace("TEST", test)
    assert [one.severity for one in found(text) if one.name == "super-call"] == [severity]


IN_SOME = """
class Model(nn.Module):
    def __init__(self, config, masked: bool = False) -> None:
        super().__init__()
        self.masked = config.masked
        self.table = {}
        ASSIGNED

    def part(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor, given: Tensor) -> Tensor:
        USED
        return x
"""
TOKEN = "self.token = nn.Parameter(torch.zeros(2)) if masked else None"
DROP = "if not self.masked:\n            self.drop = nn.Dropout(0.1)"
BRANCHES = """if masked:
            self.act = self.part
        else:
            self.act = functools.partial(torch.sum, dim=1)"""


@pytest.mark.parametrize(
    ("assigned", "used", "told"),
    [
        (TOKEN, "x = x + self.token.expand(2, 2)", "optional-attribute-not-refined"),
        (TOKEN, "x = self.token[0] + x", "optional-attribute-not-refined"),
        ("self.layer = nn.Linear(2, 2) if masked else None", "x = self.layer(x)", "optional-attribute-not-refined"),
        (TOKEN, "if self.token is not None:\n            x = x + self.token.expand(2, 2)", ""),
        (TOKEN, "assert self.token is not None\n        x = x + self.token.expand(2, 2)", ""),
        (TOKEN, "if self.masked:\n            x = x + self.token.expand(2, 2)", ""),
        ("self.token = None", "x = x + (0 if self.token is None else 1)", ""),
        (BRANCHES, "x = self.act(x)", "callable-attribute"),
        (DROP, "if not self.masked:\n            x = self.drop(x)", "attribute-conditionally-defined"),
    ],
)
def test_an_attribute_that_compiles_in_some_instances_is_a_warning(assigned: str, used: str, told: str) -> None:
    text = IN_SOME.replace("ASSIGNED", assigned).replace("USED", used)
    assert [(one.name, one.severity) for one in found("import functools\n" + text)] == [(told, "warning")] * bool(told)
