"""Example inputs of every kind: described in the manifest, drawn again from it, and written into the C++ example."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.artifact.examples import made_again
from scriptkit.artifact.inputs import InputError
from scriptkit.cpp.project import new_cpp_project
from scriptkit.errors import ArtifactError


class Everything(ScriptableModule):
    def forward(  # noqa: PLR0917
        self,
        tokens: Tensor,
        mask: Tensor,
        waves: Tensor,
        parts: dict[str, Tensor],
        pair: tuple[Tensor, int],
        names: list[str],
        mode: str = "sum",
        bias: Tensor | None = None,
    ) -> Tensor:
        total = tokens.sum() + mask.sum() + waves.abs().sum() + pair[0].sum() * pair[1] + len(names)
        for part in parts.values():
            total = total + part.sum()
        return total if mode == "sum" else -total


class Sums(ScriptableModule):
    def forward(self, tokens: Tensor) -> Tensor:
        return tokens.sum()


def example() -> tuple[Any, ...]:
    tokens = torch.tensor([[3, 9, 4]])
    waves = torch.ones(2, dtype=torch.complex64)
    parts = {"a": torch.zeros(2), "b": torch.full((1, 2), 2.0)}
    return tokens, torch.tensor([True, False]), waves, parts, (torch.ones(2, dtype=torch.float16), 3), ["x"]


@pytest.fixture(scope="module")
def data() -> bytes:
    file = io.BytesIO()
    scriptkit.save(Everything(), file, example_inputs=example())
    return file.getvalue()


def test_examples_are_drawn_again_from_their_description(data: bytes) -> None:
    loaded = scriptkit.load(io.BytesIO(data))
    [forward] = [method for method in loaded.manifest.methods if method.name == "forward"]
    generator = torch.Generator().manual_seed(0)
    described = {parameter.name: parameter.example for parameter in forward.parameters}
    made: dict[str, Any] = {name: made_again(one, generator) for name, one in described.items() if one is not None}
    for given, name in zip(example(), list(made), strict=False):
        assert_alike(made[name], given)
    assert 3 <= int(made["tokens"].min()) <= int(made["tokens"].max()) <= 9
    assert loaded(**made).shape == ()


@pytest.mark.parametrize("limit", [torch.iinfo(torch.int64).max, torch.iinfo(torch.int64).min])
def test_the_largest_numbers_are_drawn_and_written_within_their_type(limit: int, tmp_path: Path) -> None:
    """Sentinels such as the largest index: a float of 64 bits has no room for them."""
    file = tmp_path / "sums.pt"
    scriptkit.save(Sums(), file, example_inputs=(torch.tensor([0, limit]),))
    [forward] = scriptkit.load(file).manifest.methods
    described = forward.parameters[0].example
    assert described is not None
    drawn: Any = [made_again(described, torch.Generator().manual_seed(seed)) for seed in range(50)]
    assert all(int(one.min()) >= min(limit, 0) and int(one.max()) <= max(limit, 0) for one in drawn)
    new_cpp_project(file, tmp_path / "project")
    written = re.search(r"randint\((-?\d+), (-?\d+),", (tmp_path / "project" / "main.cpp").read_text())
    assert written is not None
    assert -(2**63) < int(written[1]) < int(written[2]) < 2**63


def assert_alike(made: Any, given: Any) -> None:
    """Of one type, shape and dtype."""
    assert type(made) is type(given)
    if isinstance(given, Tensor):
        assert (made.shape, made.dtype) == (given.shape, given.dtype)
    elif isinstance(given, dict):
        assert list(made) == list(given)
        assert_alike(list(made.values()), list(given.values()))
    elif isinstance(given, list | tuple):
        assert len(made) == len(given)
        for one, other in zip(made, given, strict=True):
            assert_alike(one, other)
    else:
        assert made == given


def test_the_cpp_example_makes_arguments_of_every_kind(data: bytes, tmp_path: Path) -> None:
    """That such projects compile is tested with others."""
    file = tmp_path / "everything.pt"
    file.write_bytes(data)
    new_cpp_project(file, tmp_path / "project")
    main = next(path for path in (tmp_path / "project").rglob("main.cpp")).read_text()
    assert "at::randint(3, 10, {1, 3}, at::kLong)" in main
    assert re.search(r"at::randint\(0, 2, \{2\}, at::kBool\)", main)
    assert re.search(r"at::rand\(\{2\}, at::kComplexFloat\)", main)
    assert re.search(r'\("a"\), at::rand\(\{2\}, at::kFloat\).*\("b"\), at::rand\(\{1, 2\}, at::kFloat\)', main)
    assert "no example was recorded" not in main


@pytest.mark.parametrize(
    ("given", "keywords"),
    [((*example(), "sum", None, 3), {}), (example(), {"nothing": torch.ones(1)})],
    ids=["too many", "unknown keyword"],
)
def test_example_inputs_that_do_not_fit_are_refused_before_anything_is_written(
    given: tuple[Any, ...], keywords: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "model.pt"
    with pytest.raises((ArtifactError, TypeError), match="forward"):
        scriptkit.save(Everything(), file, example_inputs=given, example_kwargs=keywords)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("parts", {"a": 3.0}),
        ("parts", [torch.ones(2)]),
        ("pair", (torch.ones(2), 3, 4)),
        ("names", [1]),
        ("mode", 3),
        ("bias", "x"),
        ("tokens", [3]),
    ],
)
def test_a_call_with_a_value_of_another_type_says_which(data: bytes, name: str, wrong: Any) -> None:
    loaded = scriptkit.load(io.BytesIO(data))
    names = ("tokens", "mask", "waves", "parts", "pair", "names")
    with pytest.raises((InputError, TypeError), match=name):
        loaded(**{**dict(zip(names, example(), strict=True)), name: wrong})
