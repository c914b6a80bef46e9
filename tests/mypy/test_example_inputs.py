"""What no rule stands for: `example_inputs` that do not fit `forward`, and exported methods without annotations."""

from __future__ import annotations

import textwrap
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


@after_checking
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("torch.zeros(1), 2", ""),
        ("torch.zeros(1), 2, 0.5", ""),
        ("torch.zeros(1),", "`example_inputs` gives 1 values, `forward` takes 2 to 3"),
        ("torch.zeros(1), 'a'", "value 2 of `example_inputs` is not what `forward` takes as `times`"),
    ],
)
@pytest.mark.parametrize("returns", ["tuple[Any, ...]", "tuple[object, ...]"])
def test_where_the_declared_type_says_little_what_is_returned_counts(
    project: Project, returns: str, value: str, words: str
) -> None:
    text = TEXT.replace("raise NotImplementedError", f"return ({value})").format(returns=returns)
    project.write(m="from typing import Any\nimport torch\n" + textwrap.dedent(text))
    found = project.check()
    assert [f.code for f in found] == (["scriptkit-example-inputs"] if words else [])
    assert all(words in f.text for f in found)


@after_checking
def test_a_parameter_without_annotation_of_an_exported_method_is_an_error(project: Project) -> None:
    project.write(
        m="""
            import torch
            from torch import Tensor, nn
            from scriptkit import ScriptableModule, export

            class Net(ScriptableModule):
                def forward(self, x):
                    return x

                @export
                def scaled(self, x: Tensor, by, offset=None):
                    return x

                @export
                def typed(self, x: Tensor, by: float = 1.0) -> Tensor:
                    return x

                def inner(self, x):
                    return x

            class Plain(nn.Module):
                @torch.jit.export
                def scaled(self, x):
                    return x
        """,
    )
    found = [f for f in project.check() if f.code == "scriptkit-untyped-export"]
    assert [(f.line, f.column, f.severity) for f in found] == [(10, 33, "error"), (10, 37, "error")]
    assert found[0].text == "`by` of the exported method `scaled` has no annotation; say what it takes"
