"""A model repository for Triton: names, types, dimensions, batches, and what the backend cannot pass on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.cli import main
from scriptkit.errors import ArtifactError
from scriptkit.serving.triton import write_repository
from scriptkit.serving.triton_config import TritonError, model_name


class Scorer(ScriptableModule):
    """Rows in, rows out; another method besides."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, features: Tensor, weights: Tensor, scale: float = 1.0) -> tuple[Tensor, Tensor]:
        out = self.fc(features) * weights * scale
        return out, out.argmax(1)

    @scriptkit.export
    def normalised(self, features: Tensor) -> Tensor:
        return (features - features.mean(0)) / 2


ROWS = (torch.rand(3, 4), torch.rand(3, 2))
EXAMPLES = {"forward": ROWS, "normalised": (torch.rand(3, 4),)}


def saved(module: ScriptableModule, path: Path, examples: Any) -> Path:
    scriptkit.save(module.eval(), path, example_inputs=examples)
    return path


@pytest.fixture
def scorer(tmp_path: Path) -> Path:
    return saved(Scorer(), tmp_path / "scorer.pt", EXAMPLES)


def read(path: Path) -> Any:
    """The configuration as Triton's own protobuf reads it, where that is installed; else as text."""
    text = (path / "config.pbtxt").read_text()
    config = pytest.importorskip("tritonclient.grpc.model_config_pb2", reason="tritonclient is not installed")
    text_format = pytest.importorskip("google.protobuf.text_format", reason="protobuf is not installed")
    return text_format.Parse(text, config.ModelConfig())


def test_each_method_is_a_model_of_its_own(scorer: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["triton", str(scorer), "-o", str(tmp_path / "repository")])
    assert done.exit_code == 0, done.output
    repository = tmp_path / "repository"
    assert {path.name for path in repository.iterdir()} == {"scorer", "scorer_normalised"}
    assert str(repository / "scorer_normalised" / "1" / "model.pt") in done.output
    assert (repository / "scorer" / "1" / "model.pt").read_bytes() == scorer.read_bytes()
    loaded = torch.jit.load(repository / "scorer_normalised" / "1" / "model.pt")
    rows = EXAMPLES["normalised"]
    assert torch.allclose(loaded(*rows), scriptkit.load(scorer).normalised(*rows))


def test_batches_are_made_where_the_model_gave_the_same(scorer: Path, tmp_path: Path) -> None:
    write_repository(scorer, tmp_path / "r", max_batch_size=8)
    text = (tmp_path / "r" / "scorer" / "config.pbtxt").read_text()
    assert "max_batch_size: 8" in text
    assert "dynamic_batching { }" in text
    assert 'name: "features__0"\n    data_type: TYPE_FP32\n    dims: [ -1 ]' in text
    assert 'name: "OUTPUT__1"\n    data_type: TYPE_INT64\n    dims: [  ]' in text
    other = (tmp_path / "r" / "scorer_normalised" / "config.pbtxt").read_text()
    assert "# each request is a call of its own: `OUTPUT__0` of a request depends on what else is in the batch" in other
    assert "max_batch_size: 0" in other
    assert "dims: [ -1, -1 ]" in other


def test_tritons_own_protobuf_reads_it(scorer: Path, tmp_path: Path) -> None:
    write_repository(scorer, tmp_path / "r", name="the scorer!", max_batch_size=0)
    config = read(tmp_path / "r" / "the_scorer")
    assert (config.name, config.backend, config.max_batch_size) == ("the_scorer", "pytorch", 0)
    assert [(port.name, [*port.dims]) for port in config.input] == [("features__0", [-1, -1]), ("weights__1", [-1, -1])]
    assert [port.data_type for port in config.output] == [11, 9]
    assert config.parameters["INFERENCE_MODE"].string_value == "true"


class Fixed(nn.Module):
    """A trace with a fixed size."""

    def forward(self, x: Tensor, **_: Any) -> Tensor:
        return x.reshape(2, 6)


def test_fixed_dimensions_are_said_and_not_batched(tmp_path: Path) -> None:
    module = scriptkit.compile(Fixed().eval(), (torch.rand(3, 4),), modes={"": "trace"})
    scriptkit.save(module, tmp_path / "m.pt", example_inputs=(torch.rand(3, 4),))
    write_repository(tmp_path / "m.pt", tmp_path / "r")
    text = (tmp_path / "r" / "m" / "config.pbtxt").read_text()
    assert "max_batch_size: 0" in text
    assert "each request is a call of its own: it does not take one row and several" in text


class Words(ScriptableModule):
    """Strings are tensors of strings to Triton."""

    def forward(self, words: list[str]) -> list[str]:
        return [word + "!" for word in words]


def test_lists_of_strings(tmp_path: Path) -> None:
    file = saved(Words(), tmp_path / "words.pt", (["a", "b"],))
    write_repository(file, tmp_path / "r")
    text = (tmp_path / "r" / "words" / "config.pbtxt").read_text()
    assert text.count("data_type: TYPE_STRING") == 2
    assert "each request is a call of its own: the first dimension of `words__0` is fixed" in text


class Number(ScriptableModule):
    """Takes a number."""

    def forward(self, x: Tensor, k: int) -> Tensor:
        return x * k


class Named(ScriptableModule):
    """Gives a dictionary."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"x": x}


class Listed(ScriptableModule):
    """Gives a list."""

    def forward(self, x: Tensor) -> list[Tensor]:
        return [x]


class Deep(ScriptableModule):
    """Gives a tuple in a tuple."""

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return x, (x, x)


class Late(ScriptableModule):
    """A tensor after what keeps its default."""

    def forward(self, x: Tensor, k: int = 2, mask: Optional[Tensor] = None) -> Tensor:  # noqa: UP045
        return x * k if mask is None else x * mask


class Complex(ScriptableModule):
    """A type that Triton lacks."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.complex(x, x)


X = torch.rand(2, 3)
REFUSED = [
    (Number, (X, 3), "`k` of `forward` is a `int`, and Triton passes tensors and lists of strings"),
    (Named, (X,), "the result of `forward` is a dictionary"),
    (Listed, (X,), "is a list, whose length no configuration can say; return a tuple"),
    (Deep, (X,), "item 1 of the result of `forward` is a tuple in another one"),
    (Late, (X, 2, X), "`mask` of `forward` comes after `k`, which has a default, and Triton passes arguments by place"),
    (Complex, (X,), "is a tensor of complex64, which Triton has no type for"),
]


@pytest.mark.parametrize(("cls", "inputs", "words"), REFUSED, ids=[cls.__name__ for cls, _, _ in REFUSED])
def test_what_triton_cannot_hold_is_refused_with_its_reason(
    cls: type[ScriptableModule], inputs: tuple[Any, ...], words: str, tmp_path: Path
) -> None:
    file = saved(cls(), tmp_path / "m.pt", inputs)
    with pytest.raises(TritonError) as told:
        write_repository(file, tmp_path / "r")
    assert words in str(told.value)
    assert not (tmp_path / "r").exists()


def test_without_examples_nothing_is_known(tmp_path: Path) -> None:
    scriptkit.save(Scorer().eval(), tmp_path / "m.pt", example_inputs=ROWS)
    done = CliRunner().invoke(main, ["triton", str(tmp_path / "m.pt"), "-o", str(tmp_path / "r")])
    assert done.exit_code == 2
    assert "no example of `features` of `normalised`: save the model with `example_inputs`" in done.output
    done = CliRunner().invoke(
        main, ["triton", str(tmp_path / "m.pt"), "-o", str(tmp_path / "r"), "--method", "forward"]
    )
    assert done.exit_code == 0, done.output
    with pytest.raises(ArtifactError, match="has no method `backward`; it has `forward`, `normalised`"):
        write_repository(tmp_path / "m.pt", tmp_path / "other", methods=["backward"])


def test_nothing_is_written_over_and_training_is_refused(scorer: Path, tmp_path: Path) -> None:
    write_repository(scorer, tmp_path / "r", methods=["forward"])
    with pytest.raises(ArtifactError, match="scorer` exists already"):
        write_repository(scorer, tmp_path / "r")
    scriptkit.save(Scorer(), tmp_path / "t.pt", example_inputs=EXAMPLES)
    with pytest.raises(TritonError, match="saved in training mode"):
        write_repository(tmp_path / "t.pt", tmp_path / "other")


def test_names_of_folders() -> None:
    assert model_name("my model.v2") == "my_model_v2"
    assert model_name("...") == "model"
