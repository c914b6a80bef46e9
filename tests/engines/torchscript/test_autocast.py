"""Autocast switched on inside a model: Python in process, an error in a file."""

from pathlib import Path

import pytest
from torch import nn

import scriptkit
from tests.engines.torchscript import autocast_models
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import runs_eagerly


@pytest.mark.parametrize("cls", [autocast_models.Decorated, autocast_models.Within])
def test_a_model_that_switches_autocast_on_gives_the_dtypes_of_eager(cls: type[nn.Module], tmp_path: Path) -> None:
    net, plain = twins(cls)
    with runs_eagerly(net, "autocast", calls=2):
        for _ in range(2):
            assert_same(net(batch()), plain(batch()))
    with pytest.raises(scriptkit.ScriptkitError, match="autocast"):
        scriptkit.save(net, tmp_path / "model.pt")
    assert not list(tmp_path.iterdir())
