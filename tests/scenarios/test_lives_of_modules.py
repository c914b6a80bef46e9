"""What happens to modules between calls: attributes deleted, functions of torch patched, lazy children, quantising."""

from __future__ import annotations

import ast
import threading
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import ScriptkitEagerWarning
from scriptkit.language.parsing import syntax_tree

X = torch.randn(4, 3)


class Own(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc: nn.Module = nn.Linear(3, 3)
        self.scale = 2.0

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.scale  # type: ignore[no-any-return]


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc: nn.Module = nn.Linear(3, 3)
        self.scale = 2.0

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * self.scale  # type: ignore[no-any-return]


def own() -> nn.Module:
    return Own()


def foreign() -> nn.Module:
    return scriptkit.compile(Plain(), (X,))


BOTH = pytest.mark.parametrize("make", [own, foreign])


@BOTH
def test_a_deleted_attribute_is_missed_as_in_python(make) -> None:  # type: ignore[no-untyped-def]
    module = make()
    module(X)
    del module.scale
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScriptkitEagerWarning)
        with pytest.raises(AttributeError, match="scale"):
            module(X)
    module.scale = 3.0
    with scriptkit.eager():
        expected = module(X)
    assert torch.equal(module(X), expected)
    with pytest.raises(AttributeError, match="nothing"):
        del module.nothing


@BOTH
def test_a_patched_function_of_torch_is_called(make, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    module = make()
    before = module(X)
    linear = F.linear
    with monkeypatch.context() as patched:
        patched.setattr(F, "linear", lambda *args: linear(*args) * 3)
        with pytest.warns(ScriptkitEagerWarning, match=r"`torch.nn.functional.linear` was replaced"):
            assert torch.allclose(module(X), before * 3)
    assert torch.equal(module(X), before)


@BOTH
def test_a_lazy_child_is_compiled_after_its_first_call(make) -> None:  # type: ignore[no-untyped-def]
    module = make()
    module(X)
    module.fc = nn.LazyLinear(2)
    assert module(X).shape == (4, 2)
    assert torch.equal(module(X), module.fc(X) * 2.0)


def test_a_foreign_module_with_lazy_parts_waits_for_its_first_call() -> None:
    compiled = scriptkit.compile(nn.Sequential(nn.LazyLinear(2)), (X,))
    assert not scriptkit.is_compiled(compiled)
    assert "before the first call" in str(scriptkit.report(compiled))
    result = compiled(X)
    assert scriptkit.is_compiled(compiled)
    assert torch.equal(compiled(X), result)


@pytest.mark.filterwarnings("ignore:.*quant")
def test_a_compiled_module_can_be_quantised() -> None:
    quantised = torch.ao.quantization.quantize_dynamic(scriptkit.compile(nn.Sequential(nn.Linear(3, 2)), (X,)))
    assert torch.allclose(quantised(X), quantised.inner(X))


def test_threads_that_parse_at_once_do_not_disturb_each_other() -> None:
    text = "\n".join(f"def f{i}(x):\n    return [a + {i} for a in x if a > {i}]" for i in range(200))
    trees: list[ast.Module] = []
    threads = [threading.Thread(target=lambda: trees.append(syntax_tree(text))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(tree.body) for tree in trees] == [200] * 4
    assert isinstance(syntax_tree("1 + 1", mode="eval"), ast.Expression)
