"""The models of the artifact tests: together they use every kind of argument and result."""

import warnings
from enum import Enum
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from scriptkit.artifact.description import Description, ExampleCall


class Scored(NamedTuple):
    """A result with names."""

    score: Tensor
    number: int


class Block(nn.Module):
    """A layer that two models of different sizes share, so that its type is mangled."""

    scale: Final[float]

    def __init__(self, inputs: int, outputs: int, scale: float = 2.0) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.LayerNorm(outputs)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.linear(x)
        if x1.size(0) > 100:
            raise ValueError("a batch of more than 100")
        for _ in range(2):
            x1 = self.norm(x1) * self.scale
        return torch.relu(x1)


class Scripted(nn.Module):
    """Scripted throughout, with exported methods and simple arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Block(4, 8)
        self.second = Block(8, 4, 0.5)
        self.names = ["cat", "dog"]

    def forward(self, x: Tensor, scale: float = 2.0, shift: Tensor | None = None) -> Tensor:
        y: Tensor = self.second(self.first(x)) * scale
        return y if shift is None else y + shift

    @torch.jit.export
    def classify(self, x: Tensor, top: int = 1) -> tuple[Tensor, list[str]]:
        return self.first(x).topk(top).indices, self.names

    @torch.jit.export
    def embed(self, parts: list[Tensor], weights: dict[str, float], how: str = "sum") -> dict[str, Tensor]:
        total = torch.zeros(4)
        for part in parts:
            total = total + part
        if how == "mean":
            total = total / len(parts)
        return {name: total * weight for name, weight in weights.items()}

    @torch.jit.export
    def size_of(self, x: Tensor, dimension: int = 0) -> int:
        return x.size(dimension)


class Named(nn.Module):
    """Returns a named tuple; takes a nested one."""

    def __init__(self) -> None:
        super().__init__()
        self.block = Block(4, 2)

    def forward(self, pair: tuple[Tensor, int | None]) -> Scored:
        x, count = pair
        return Scored(self.block(x), 0 if count is None else count)


class Colour(Enum):
    """An enumeration, which torch pickles in a way of its own."""

    RED = 1
    BLUE = 2


class Newer(nn.Module):
    """Uses an operator whose meaning changed once, so that torch writes a newer file format, in another entry."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = Colour.BLUE
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.gelu(self.layer(x) if self.colour == Colour.BLUE else x)


class Listed(nn.Module):
    """Lists in, an optional list of pairs out."""

    def forward(self, xs: list[Tensor], flags: list[bool]) -> list[tuple[str, Tensor]] | None:
        if not flags[0]:
            return None
        return [(str(number), x + 1) for number, x in enumerate(xs)]


class Convolved(nn.Module):
    """A small network on images, to be traced."""

    offset: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.register_buffer("offset", torch.arange(4.0))

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = self.layers(image)
        return features.flatten(1) + self.offset + torch.tensor([1.0, 2.0, 3.0, 4.0])


class Traced(Convolved):
    """The same network under the name of its file."""


def traced(module: nn.Module, *inputs: Tensor) -> torch.jit.ScriptModule:
    """The trace of a module whose constants are meant to be constants."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module_trace: torch.jit.ScriptModule = torch.jit.trace(module.eval(), inputs)
        return module_trace


class Mixed(nn.Module):
    """A scripted parent of a traced child and of a scripted one."""

    def __init__(self) -> None:
        super().__init__()
        self.traced = traced(Convolved(), torch.rand(1, 3, 8, 8))
        self.block = Block(4, 3)

    def forward(self, image: Tensor, repeat: int) -> Tensor:
        features = self.traced(image)
        for _ in range(repeat):
            features = features * 1.5
        scores: Tensor = self.block(features)
        return scores


class Words(nn.Module):
    """Strings, numbers and devices, and no tensor at all in some methods."""

    def forward(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    @torch.jit.export
    def join(self, ids: list[int], separator: str = " ") -> str:
        words: list[str] = []
        for number in ids:
            words.append(str(number))  # noqa: PERF401
        return separator.join(words)

    @torch.jit.export
    def table(self, rows: dict[int, list[float]]) -> dict[int, tuple[float, bool]]:
        found: dict[int, tuple[float, bool]] = {}
        for key, values in rows.items():
            found[key] = (sum(values), len(values) > 1)
        return found


class Nothing(nn.Module):
    """Returns nothing; counts its calls in a buffer."""

    calls: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor | None = None) -> None:
        self.calls += 1

    @torch.jit.export
    def count(self) -> Tensor:
        return self.calls


def calls() -> dict[str, tuple[torch.jit.ScriptModule, dict[str, ExampleCall]]]:
    """Eight compiled models by name, each with arguments for its methods."""
    torch.manual_seed(0)
    x = torch.randn(3, 4)
    image = torch.rand(2, 3, 8, 8)
    pair = (x, 3)
    scripted = {
        "forward": ExampleCall((x,), {"shift": torch.ones(3, 4)}),
        "classify": ExampleCall((x, 2)),
        "embed": ExampleCall(([torch.ones(4), torch.rand(4)], {"a": 0.5, "b": 2.0}, "mean")),
        "size_of": ExampleCall((x, 1)),
    }
    words = {
        "forward": ExampleCall(("abc",)),
        "join": ExampleCall(([1, 2, 3], "-")),
        "table": ExampleCall(({1: [0.5], 2: [1.0, 2.5]},)),
    }
    return {
        "scripted": (torch.jit.script(Scripted().eval()), scripted),
        "named": (torch.jit.script(Named().eval()), {"forward": ExampleCall((pair,))}),
        "listed": (torch.jit.script(Listed().eval()), {"forward": ExampleCall(([x, x * 2], [True, False]))}),
        "traced": (traced(Traced(), image), {"forward": ExampleCall((image,))}),
        "mixed": (torch.jit.script(Mixed().eval()), {"forward": ExampleCall((image, 2))}),
        "words": (torch.jit.script(Words().eval()), words),
        "nothing": (torch.jit.script(Nothing().eval()), {"forward": ExampleCall((x,)), "count": ExampleCall()}),
        "sequential": (
            torch.jit.script(nn.Sequential(Block(4, 4), nn.Linear(4, 2)).eval()),
            {"forward": ExampleCall((x,))},
        ),
    }


def description(name: str, examples: dict[str, ExampleCall]) -> Description:
    """What `save` would say of one of the models."""
    return Description(class_name=name.capitalize(), examples=examples, metadata={"labels": ["cat", "dog"]})


def equal(found: object, expected: object) -> bool:
    """Whether two results are the same to the last bit; lists and tuples may stand for each other."""
    if isinstance(expected, Tensor):
        return isinstance(found, Tensor) and found.dtype == expected.dtype and torch.equal(found, expected)
    if isinstance(expected, dict):
        return isinstance(found, dict) and equal([*found.items()], [*expected.items()])
    if isinstance(expected, (list, tuple)):
        if not isinstance(found, (list, tuple)) or len(found) != len(expected):
            return False
        return all(map(equal, found, expected))
    return type(found) is type(expected) and found == expected
