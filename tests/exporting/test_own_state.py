"""State of scriptkit's own modules in rewritten programs: assigned there as a plain `nn.Module` assigns it."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.live.comparison import compare
from tests.exporting import own_state


@pytest.mark.parametrize("kind", [own_state.Integrating, own_state.Shifting])
def test_a_buffer_that_is_exchanged_goes_on_from_call_to_call(kind: type[ScriptableModule], tmp_path: Path) -> None:
    net = kind()
    exported = scriptkit.export_program(net, (torch.rand(3),))
    exported.save(tmp_path / "net.pt2")
    loaded = scriptkit.load(tmp_path / "net.pt2")
    with scriptkit.eager():
        plain = copy.deepcopy(net)
        for error in torch.randn(4, 3) * 2:
            expected = plain(error)
            assert compare(expected, exported(error)) == []
            assert compare(expected, loaded(error)) == []
    assert compare(dict(plain.named_buffers()), dict(exported.named_buffers())) == []


def test_state_in_a_plain_attribute_is_refused_by_its_name() -> None:
    with pytest.raises(scriptkit.ExportError, match=r"`Remembering\.last` is read and then written") as told:
        scriptkit.export_program(own_state.Remembering(), (torch.rand(3),))
    assert "self.last = error" in str(told.value)


def test_an_assignment_that_runs_code_of_the_user_is_refused() -> None:
    with pytest.raises(scriptkit.ExportError, match=r"`Guarded\.integral` is written in the call"):
        scriptkit.export_program(own_state.Guarded(), (torch.rand(3),))
