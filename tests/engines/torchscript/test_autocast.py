"""Autocast switched on inside a model: Python in process, an error in a file."""

from pathlib import Path

import pytest
import torch
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


@pytest.mark.filterwarnings("ignore:.*autocast.* is deprecated:FutureWarning")
def test_older_names_of_autocast_compile_on_every_python() -> None:
    net, plain = twins(autocast_models.WithinOlderNames)
    text = str(scriptkit.to_torchscript(net).code)
    assert "amp" in text
    with runs_eagerly(net, "autocast", calls=1):
        assert_same(net(batch(4, 4)), plain(batch(4, 4)))


def test_a_foreign_part_may_switch_it_on_for_the_device_it_is_given() -> None:
    net, plain = twins(autocast_models.Round)
    with runs_eagerly(net, "autocast", calls=2):
        for _ in range(2):
            assert_same(net(batch()), plain(batch()))


def test_switched_off_it_is_compiled_and_in_a_file(tmp_path: Path) -> None:
    net, plain = twins(autocast_models.RoundWithout)

    assert_same(net(batch()), plain(batch()))
    scriptkit.save(net, tmp_path / "model.pt")

    assert not scriptkit.report(net).eager_calls
    assert_same(scriptkit.load(tmp_path / "model.pt")(batch()), plain(batch()))
    with runs_eagerly(net, "autocast", calls=1), torch.autocast("cpu"):
        assert_same(net(batch()), plain(batch()))


def test_within_autocast_it_means_something() -> None:
    code = str(scriptkit.to_torchscript(autocast_models.WithoutWithin()).code)
    assert code.count("__enter__") + code.count("with ") == 2, code


def test_a_file_may_stand_for_it_where_the_dtypes_of_its_results_are_those_of_eager(tmp_path: Path) -> None:
    net, path = autocast_models.Restoring(), tmp_path / "model.pt"
    with pytest.raises(scriptkit.ArtifactError, match="give example inputs of `forward`"):
        scriptkit.save(net, path)
    scriptkit.save(net, path, example_inputs=(batch(),))
    with scriptkit.eager():
        torch.testing.assert_close(scriptkit.load(path)(batch()), net(batch()), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("cls", [autocast_models.Decorated, autocast_models.Within])
def test_a_file_whose_results_have_other_dtypes_is_refused(cls: type[nn.Module], tmp_path: Path) -> None:
    with pytest.raises(scriptkit.VerificationError, match=r"bfloat16 became torch\.float32|bfloat16 became float32"):
        scriptkit.save(cls(), tmp_path / "model.pt", example_inputs=(batch(),))
    assert not list(tmp_path.iterdir())
