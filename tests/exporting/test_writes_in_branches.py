"""A write to an input or a buffer, in a branch or a loop on a value, is in the program and in its file."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.live.comparison import compare
from tests.exporting import writing_models


def loaded(exported: Any) -> Any:
    file = io.BytesIO()
    exported.save(file)
    file.seek(0)
    return scriptkit.load(file)


@pytest.mark.parametrize("kind", writing_models.WRITING, ids=lambda kind: kind.__name__)
def test_a_file_writes_what_the_module_writes(kind: type[nn.Module]) -> None:
    module = kind()
    exported = scriptkit.export_program(module, (torch.ones(3, 2),))
    program, original = loaded(exported), copy.deepcopy(module)
    generator = torch.Generator().manual_seed(3)
    for _ in range(6):
        x = torch.randn(3, 2, generator=generator)
        mine, its = x.clone(), x.clone()
        expected, found = original(mine), program(its)
        assert compare((expected, mine), (found, its)) == []
        assert compare(dict(original.named_buffers()), dict(program.named_buffers())) == []


@pytest.mark.parametrize("kind", [writing_models.Rows, writing_models.Columns])
def test_a_loop_that_writes_one_row_in_every_round_is_free_in_time(kind: type[nn.Module]) -> None:
    module = kind()
    program = loaded(scriptkit.export_program(module, (torch.randn(4, 2),)))
    for length in (1, 2, 7):
        x = torch.randn(length, 2)
        assert compare(module(x), program(x)) == []


def test_a_written_input_has_the_gradient_it_has_in_python() -> None:
    module = writing_models.InputInABranch()
    exported = scriptkit.export_program(module, (torch.ones(3, 2),))
    for sign in (1, -1):
        mine = torch.full((3, 2), 0.5 * sign, requires_grad=True)
        its = mine.detach().clone().requires_grad_()
        module(mine.clone()).square().sum().backward()
        exported(its.clone()).square().sum().backward()
        assert compare(mine.grad, its.grad) == []
