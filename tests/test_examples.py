"""Every example compiles, equals its eager result, trains, and runs in a process that has no scriptkit."""

from __future__ import annotations

import copy
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import scriptkit
from examples import decoder, lstm, preprocessing, pyramid, residual, saliency

EXAMPLES = [residual, saliency, lstm, decoder, pyramid, preprocessing]
FOLDER = Path(residual.__file__).parent

# loads every file of a folder by torch alone, and writes down what it answers
READER = """
import pathlib, sys
sys.modules["scriptkit"] = sys.modules["examples"] = None
import torch
for file in pathlib.Path(sys.argv[1]).glob("*.pt"):
    model = torch.jit.load(str(file))
    inputs = torch.load(file.with_suffix(".inputs"))
    torch.save(model(*inputs), file.with_suffix(".outputs"))
"""


def example(name: str) -> Any:
    return importlib.import_module(f"examples.{name}")


def names() -> list[str]:
    return [module.__name__.rpartition(".")[2] for module in EXAMPLES]


@pytest.fixture(params=names())
def module(request: pytest.FixtureRequest) -> Any:
    """One example after the other."""
    torch.manual_seed(0)
    return example(request.param)


def test_no_example_is_left_out() -> None:
    scripts = {"demo", "broken_residual", "transformer_encoder"}
    assert {file.stem for file in FOLDER.glob("*.py")} - scripts == set(names())


def test_every_example_says_what_it_shows(module: Any) -> None:
    assert module.__doc__


def test_compiled_equals_eager(module: Any) -> None:
    net, inputs = module.build().eval(), module.inputs()
    assert scriptkit.is_compiled(net)
    with scriptkit.eager():
        expected = net(*inputs)
    torch.testing.assert_close(net(*inputs), expected)
    assert {row.mode for row in scriptkit.report(net).rows} == {"script"}


def loss_of(net: Any, inputs: tuple[Tensor, ...]) -> Tensor:
    if isinstance(net, decoder.Translator):  # its output are token numbers: learn one step instead
        scores, _ = net.step(inputs[0][:, 0], net.encode(inputs[0]))
        return F.cross_entropy(scores, inputs[0][:, -1])
    return sum((t.square().mean() for t in tensors(net(*inputs))), torch.zeros(()))


def tensors(value: Any) -> list[Tensor]:
    return [value] if isinstance(value, Tensor) else [t for item in value for t in tensors(item)]


def train(net: nn.Module, inputs: tuple[Tensor, ...], steps: int) -> list[float]:
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(net, inputs)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_compiled_training_equals_eager_training(module: Any) -> None:
    net, inputs = module.build(), module.inputs()
    before = copy.deepcopy(net.state_dict())
    plain = copy.deepcopy(net)
    with scriptkit.eager():
        expected = train(plain, inputs, steps=3)
    torch.testing.assert_close(train(net, inputs, steps=3), expected)
    torch.testing.assert_close(net.state_dict(), plain.state_dict())
    assert any(not torch.equal(before[key], value) for key, value in net.state_dict().items())


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, Any]]:
    """For each example what it answers here, and what its file answers in a process without scriptkit."""
    folder = tmp_path_factory.mktemp("models")
    here = {}
    for name in names():
        torch.manual_seed(0)
        net, inputs = example(name).build().eval(), example(name).inputs()
        scriptkit.save(net, folder / f"{name}.pt")
        torch.save(inputs, folder / f"{name}.inputs")
        here[name] = net(*inputs)
    subprocess.run([sys.executable, "-W", "ignore", "-c", READER, str(folder)], check=True, cwd=folder)
    return {name: (here[name], torch.load(folder / f"{name}.outputs")) for name in names()}


@pytest.mark.parametrize("name", names())
def test_the_saved_file_answers_the_same_without_scriptkit(name: str, answers: dict[str, tuple[Any, Any]]) -> None:
    here, there = answers[name]
    torch.testing.assert_close(here, there)


def test_a_residual_block_has_a_shortcut_only_where_the_shape_changes() -> None:
    net = residual.build()
    shortcuts = [key for key in net.state_dict() if "shortcut.weight" in key]
    assert shortcuts == ["blocks.2.shortcut.weight", "blocks.4.shortcut.weight"]


class PlainStage(nn.Module):
    """What a library would ship: the same members, written without scriptkit."""

    def __init__(self, inputs: int, width: int, outputs: int | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, width, 3, padding=1)
        if outputs is not None:
            self.reduce = nn.Conv2d(width, outputs, 1)


def test_pretrained_saliency_weights_load_strictly() -> None:
    pretrained = nn.Module()
    pretrained.stages = nn.ModuleList([PlainStage(3, 8), PlainStage(8, 16, 8), PlainStage(8, 16, 1)])
    net, inputs = saliency.build(), saliency.inputs()
    before = net(*inputs)
    net.load_state_dict(pretrained.state_dict(), strict=True)
    assert not torch.equal(before[0], net(*inputs)[0])


@pytest.mark.parametrize("scales", [1, 2, 3])
def test_saliency_gives_one_map_for_each_scale(scales: int) -> None:
    image, half, quarter = saliency.inputs()
    maps = saliency.build()(*(image, half, quarter)[:scales])
    assert [m.shape[-1] for m in maps] == [32, 16, 8][:scales]


def test_saliency_takes_the_third_scale_by_keyword() -> None:
    image, _, quarter = saliency.inputs()
    assert [m.shape[-1] for m in saliency.build()(image, quarter=quarter)] == [32, 8]


@pytest.mark.parametrize("time", [1, 2, 9])
def test_the_lstm_loop_follows_the_length_of_the_sequence(time: int) -> None:
    assert lstm.build()(torch.randn(2, time, 12))[0].shape == (2, time, 5)


def test_the_lstm_state_carries_over() -> None:
    net, (steps,) = lstm.build(), lstm.inputs()
    whole, _ = net(steps)
    first, state = net(steps[:, :3])
    rest, _ = net(steps[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, rest], dim=1), whole)


def test_the_decoder_stops_when_every_sentence_has_ended() -> None:
    net, (source,) = decoder.build(), decoder.inputs()
    assert net(source).shape[1] > 1
    with torch.no_grad():
        net.score.bias[net.end] = 1000.0
    assert net(source).tolist() == [[net.end]] * len(source)


def test_the_decoder_goes_no_further_than_longest() -> None:
    net, (source,) = decoder.Translator(longest=3), decoder.inputs()
    with torch.no_grad():
        net.score.bias[net.end] = -1000.0
    assert net(source).shape == (4, 3)


def test_encode_alone_is_in_the_file(tmp_path: Path) -> None:
    net, (source,) = decoder.build(), decoder.inputs()
    scriptkit.save(net, tmp_path / "decoder.pt")
    torch.testing.assert_close(torch.jit.load(tmp_path / "decoder.pt").encode(source), net.encode(source))


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_the_pyramid_has_as_many_levels_as_its_final_says(levels: int) -> None:
    maps = pyramid.FeaturePyramid(levels)(*pyramid.inputs())
    assert [m.shape[-1] for m in maps] == [24, 12, 6, 3][-levels:]


def test_preprocessing_answers_other_images_with_the_exception_it_raises() -> None:
    with pytest.raises(ValueError, match="expected uint8 images of shape"):
        preprocessing.build()(torch.rand(2, 60, 80, 3))


def test_preprocessing_normalises_as_documented() -> None:
    grey = torch.full((1, 40, 40, 3), 128, dtype=torch.uint8)
    mean, deviation = torch.tensor(preprocessing.MEAN), torch.tensor(preprocessing.DEVIATION)
    result = preprocessing.Preprocessing(8)(grey)
    torch.testing.assert_close(result[0, :, 0, 0], (128 / 255 - mean) / deviation)
