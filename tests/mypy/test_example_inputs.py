"""`example_inputs` that do not fit `forward` are found by their declared types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mypy.project import after_checking

if TYPE_CHECKING:
    from tests.mypy.project import Project

TEXT = """
    from torch import Tensor
    from scriptkit import ScriptableModule

    class Net(ScriptableModule):
        def forward(self, x: Tensor, times: int, scale: float = 1.0) -> Tensor:
            return x

        def example_inputs(self) -> {returns}:
            raise NotImplementedError
"""


@pytest.mark.parametrize("returns", ["tuple[Tensor, int]", "tuple[Tensor, int, float]", "tuple[Tensor, ...]", "tuple"])
def test_what_fits_or_is_not_declared_is_left_alone(project: Project, returns: str) -> None:
    project.write(m=TEXT.format(returns=returns))
    assert project.check() == []


@after_checking
@pytest.mark.parametrize(
    ("returns", "words"),
    [
        ("tuple[Tensor]", "`example_inputs` gives 1 values, `forward` takes 2 to 3"),
        ("tuple[Tensor, int, float, int]", "`example_inputs` gives 4 values, `forward` takes 2 to 3"),
        ("tuple[Tensor, str]", "value 2 of `example_inputs` is not what `forward` takes as `times`"),
    ],
)
def test_what_does_not_fit_is_an_error_at_the_method(project: Project, returns: str, words: str) -> None:
    project.write(m=TEXT.format(returns=returns))
    [found] = project.check()
    assert (found.line, found.code) == (8, "scriptkit-example-inputs")
    assert words in found.text
