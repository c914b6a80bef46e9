"""A file that one torch wrote loads in every later one, and computes the same."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import scriptkit
from scriptkit.language import versions
from tests.artifact.golden_models import Encoder, Golden, example, files

INSTALLED = versions.numbers(torch.__version__)
WRITERS = [version for version in versions.known() if versions.numbers(version) <= INSTALLED]


@pytest.mark.parametrize("version", WRITERS)
def test_a_scripted_model_of_an_earlier_torch(version: str) -> None:
    loaded = scriptkit.load(files(version)[0])
    assert versions.numbers(loaded.manifest.written_by.torch) == versions.numbers(version)
    with scriptkit.eager():
        expected: tuple[Tensor, dict[str, Tensor]] = Golden()(example())
    found = loaded(example())
    torch.testing.assert_close(found[0], expected[0])
    torch.testing.assert_close(found[1], expected[1])
    torch.testing.assert_close(loaded.clamped(example()), example().clamp(-1, 1))
    assert loaded.seen == {"calls": 1}


@pytest.mark.parametrize("version", WRITERS)
def test_a_lowered_model_of_an_earlier_torch(version: str) -> None:
    loaded = scriptkit.load(files(version)[1])
    torch.testing.assert_close(loaded(example()), Encoder()(example()))


def test_every_known_torch_has_written_its_files() -> None:
    assert all(file.is_file() for version in versions.known() for file in files(version))
