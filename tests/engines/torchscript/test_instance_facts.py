"""Facts of the instance against the class body: told by name at the constructor; only what torch rejects or changes."""

import os
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from torch import Tensor

from scriptkit import ScriptableModule
from scriptkit.diagnostics import Diagnostic
from scriptkit.errors import CompilationError
from tests.scenarios.comparing import assert_same, plain_class
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled

with mock.patch.dict(os.environ, SCRIPTKIT_CHECK="off"):  # the constructor is the matter here
    from tests.engines.torchscript import doubtful_models
    from tests.engines.torchscript.doubtful_models import Constant, Declares, Empty, PythonList, Sometimes


@pytest.fixture(autouse=True)
def _checks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")


def told(build: Any, *args: Any, **kwargs: Any) -> Diagnostic:
    with pytest.raises(CompilationError) as caught:
        build(*args, **kwargs)
    assert len(caught.value.diagnostics) == 1, str(caught.value)
    diagnostic = caught.value.diagnostics[0]
    assert diagnostic.path == doubtful_models.__file__
    assert diagnostic.class_name == build.__name__
    assert diagnostic.help or diagnostic.suggestion
    return diagnostic


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"count": "three"}, ["self.count", "three", "int"]),
        ({"count": 2.5}, ["self.count", "2.5", "int"]),
        ({"names": ["a", 3]}, ["self.names", "str"]),
        ({"names": None}, ["self.names", "None"]),
        ({"factor": "x"}, ["self.factor", "x", "float"]),
    ],
)
def test_a_value_that_does_not_fit_its_declared_type(values: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(Exception):
        torch.jit.script(plain_class(Declares)(**values))
    diagnostic = told(Declares, **values)
    assert all(word in diagnostic.message for word in words), diagnostic.message


def test_an_integer_for_a_float_compiles_in_torch_and_is_refused_here() -> None:
    """Torch makes a float of it, which Python does not: a program would have another number there."""
    torch.jit.script(plain_class(Declares)(factor=1))
    with pytest.raises(CompilationError, match=r"`self.factor` holds `1`"):
        Declares(factor=1)


def test_a_final_that_holds_a_numpy_integer_is_told_as_such() -> None:
    diagnostic = told(Constant, np.int64(3))
    assert "numpy" in diagnostic.message + diagnostic.note
    assert "size" in diagnostic.message


@pytest.mark.parametrize("value", [object(), {1, 2}, np.ones(2)])
def test_a_final_that_holds_no_constant(value: Any) -> None:
    assert "size" in told(Constant, value).message


@pytest.mark.parametrize("container", [[], {}])
def test_an_empty_container_without_element_type(container: Any) -> None:
    assert "items" in told(Empty, container).message


@pytest.mark.parametrize("container", [[1], {"a": 2.0}])
def test_a_container_with_elements_needs_no_declaration(container: Any) -> None:
    assert_same(run_compiled(Empty(container), batch()), batch() + 1)


def test_submodules_in_a_python_list() -> None:
    diagnostic = told(PythonList)
    assert "layers" in diagnostic.message
    assert "ModuleList" in diagnostic.help + diagnostic.suggestion


def test_an_attribute_only_some_branch_sets() -> None:
    assert_same(run_compiled(Sometimes(scaled=True), batch()), batch() * 2)
    assert "scale" in told(Sometimes, scaled=False).message


def test_an_attribute_nobody_reads_may_hold_anything() -> None:
    class Carefree(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.callback = lambda x: x
            self.anything = object()
            self.empty: list[int] = []

        def forward(self, x: Tensor) -> Tensor:
            return x + 1

    assert_same(run_compiled(Carefree(), batch()), batch() + 1)
