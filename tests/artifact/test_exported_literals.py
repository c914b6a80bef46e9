"""Values and structures of exported programs go through JSON unchanged; anything else is refused in words."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

import pytest
import torch

from scriptkit.artifact.exported_literals import literal, structure_document, structure_of, value_of
from scriptkit.errors import ArtifactError
from scriptkit.live.nested import build, flatten


class Pair(NamedTuple):
    left: Any
    right: Any


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 3, 2.5, "text", math.inf, -math.inf, complex(1, -2)),
        *(torch.float16, torch.strided, torch.channels_last, torch.device("cpu")),
    ],
)
def test_a_value_comes_back(value: Any) -> None:
    assert value_of(json.loads(json.dumps(literal(value)))) == value


def test_not_a_number_comes_back() -> None:
    assert math.isnan(value_of(literal(math.nan)))


@pytest.mark.parametrize("value", [object(), [1], b"bytes", {1}])
def test_what_is_no_plain_value_is_refused(value: Any) -> None:
    with pytest.raises(ArtifactError, match="cannot be told in a file"):
        literal(value)


@pytest.mark.parametrize(
    "text", [[1], {}, {"dtype": "load"}, {"dtype": "os.system"}, {"float": "1e999"}, {"complex": [1]}, {"a": 1, "b": 2}]
)
def test_what_is_no_value_of_a_manifest_is_refused(text: Any) -> None:
    with pytest.raises(ArtifactError, match="a value it cannot have"):
        value_of(text)


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2),
        (torch.ones(1), [torch.ones(2), 3, None]),
        {"a": torch.ones(1), "b": (torch.ones(2), "x")},
        Pair(torch.ones(1), torch.ones(2)),
        [],
    ],
)
def test_a_structure_comes_back(value: Any) -> None:
    tensors, structure = flatten(value)
    document = json.loads(json.dumps(structure_document(structure, lambda _: {"kind": "tensor"})))
    again = build(structure_of(document), tensors)
    assert type(again).__name__ == type(value).__name__
    assert [t.shape for t in flatten(again)[0]] == [t.shape for t in tensors]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (3, "that is none"),
        ({"kind": "tensor"}, "without a number"),
        ({"kind": "tensor", "index": -1}, "without a number"),
        ({"kind": "dict", "keys": ["a"], "items": []}, "differ in number"),
        ({"kind": "dict", "items": []}, "differ in number"),
        ({"kind": "set", "keys": [], "items": []}, "unknown kind"),
        (
            {"kind": "namedtuple", "name": "P", "fields": ["not a name"], "items": [{"kind": "value", "value": 1}]},
            "no names",
        ),
    ],
)
def test_what_is_no_structure_is_refused(document: Any, words: str) -> None:
    with pytest.raises(ArtifactError, match=words):
        structure_of(document)


def test_a_structure_nests_only_so_deep() -> None:
    document: dict[str, Any] = {"kind": "value", "value": 1}
    for _ in range(100):
        document = {"kind": "list", "items": [document]}
    with pytest.raises(ArtifactError, match="that is none"):
        structure_of(document)
