"""Torch compiles in silence for scriptkit, and tells everybody else what it always told."""

from __future__ import annotations

import threading
import warnings

import pytest
import torch
from torch import Tensor, nn

from scriptkit.engines.torchscript.torch_names.notices import without_notices
from scriptkit.language import versions

WARNS = versions.numbers(torch.__version__) >= (2, 10)


class Listed(nn.Module):
    """Torch warns of it: a submodule is listed as a constant."""

    __constants__ = ("fc",)

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


def told_by_script() -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.jit.script(Listed())
    return [str(one.message) for one in caught]


def test_the_thread_that_compiles_hears_nothing() -> None:
    assert any("was found in ScriptModule constants" in text for text in told_by_script())
    with without_notices():
        assert told_by_script() == []


def test_another_thread_hears_what_it_always_heard() -> None:
    heard: list[list[str]] = []
    before = told_by_script()
    with without_notices():
        thread = threading.Thread(target=lambda: heard.append(told_by_script()))
        thread.start()
        thread.join()
    assert heard == [before]


def test_afterwards_everybody_is_told_again_even_after_an_error() -> None:
    before = told_by_script()
    with pytest.raises(ZeroDivisionError), without_notices(), without_notices():
        raise ZeroDivisionError
    assert told_by_script() == before
    assert any("is deprecated" in text for text in before) == WARNS
