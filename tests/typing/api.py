"""What type checkers make of the public API; read by mypy and pyright, never run.

A comment `# error: words` expects exactly one error on its line from both; mypy's must contain the words. After
`# mypy error:` it is mypy's alone: pyright knows `Final` only under the name `typing.Final`.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

import torch
from torch import Tensor, nn
from typing_extensions import assert_type

import scriptkit
from scriptkit import ScriptableModule, export, ignore, script, unused

T = TypeVar("T")


class Net(ScriptableModule):
    """Takes a tensor and options, gives a pair."""

    width: Final[int]
    fixed: Final = 3

    def __init__(self, width: int, name: str = "net") -> None:
        super().__init__()
        self.width = width
        self.name = name
        self.fc = nn.Linear(width, width)

    def forward(self, x: Tensor, scale: float = 1.0, *, bias: Tensor | None = None) -> tuple[Tensor, int]:
        return x * scale, self.width

    @export
    def encode(self, x: Tensor, times: int = 1) -> Tensor:
        return x * times

    @ignore
    def log(self, x: Tensor) -> float:
        return float(x)

    @unused
    def show(self, x: Tensor, title: str) -> None:
        return None


class Reexported(ScriptableModule):
    """Declares a constant by scriptkit's name for `typing.Final`."""

    width: scriptkit.Final[int]

    def __init__(self) -> None:
        super().__init__()
        self.width = 3

    def forward(self, x: Tensor) -> Tensor:
        return x * self.width


class Sub(Net):
    """Another result."""

    def forward(self, x: Tensor, scale: float = 1.0, *, bias: Tensor | None = None) -> tuple[Tensor, int]:
        y, n = super().forward(x, scale, bias=bias)
        return y, n + 1


class Generic1(ScriptableModule, Generic[T]):
    """A generic base."""

    def __init__(self, value: T) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return x


class Library(nn.Module):
    """A plain class of somebody."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class Adopted(Library, ScriptableModule):
    """Made scriptable."""


@script
def scaled(x: Tensor, by: float = 2.0) -> Tensor:
    return x * by


@script
class Box:
    """A scripted class."""

    def __init__(self, low: Tensor) -> None:
        self.low = low


def calls(x: Tensor) -> None:
    """A call has the type of `forward`."""
    net = Net(4)
    assert_type(net(x), tuple[Tensor, int])
    assert_type(net(x, 2.0, bias=x), tuple[Tensor, int])
    assert_type(net(x=x, scale=2), tuple[Tensor, int])
    assert_type(Sub(4)(x), tuple[Tensor, int])
    assert_type(Generic1(3)(x), Tensor)
    assert_type(Generic1("a").value, str)
    assert_type(net.forward(x), tuple[Tensor, int])
    net("x")  # error: incompatible type "str"; expected "Tensor"
    net()  # error: Missing positional argument "x"
    net(x, 1.0, x)  # error: Too many positional arguments
    net(x, colour=3)  # error: Unexpected keyword argument "colour"
    net(x, scale="a")  # error: expected "float"
    _: Tensor = net(x)  # error: Incompatible types in assignment


def constructors() -> None:
    """The constructor is that of the class."""
    Net("four")  # error: expected "int"
    Net()  # error: Missing positional argument "width"
    Net(4, height=3)  # error: Unexpected keyword argument "height"
    Net(4, "a", 5)  # error: Too many arguments
    assert_type(Net(4), Net)
    assert_type(Sub(4, name="s"), Sub)


def finals(net: Net, reexported: Reexported) -> None:
    """A Final is assigned once."""
    net.width = 5  # error: Cannot assign to final attribute "width"
    net.fixed = 5  # error: Cannot assign to final attribute "fixed"
    reexported.width = 5  # mypy error: Cannot assign to final attribute "width"
    net.name = "other"


def decorated(net: Net, x: Tensor) -> None:
    """Decorators keep signatures."""
    assert_type(net.encode(x), Tensor)
    assert_type(net.encode(x, times=2), Tensor)
    assert_type(net.log(x), float)
    assert_type(scaled(x), Tensor)
    assert_type(scaled(x, by=2), Tensor)
    assert_type(Box(x), Box)
    net.show(x, "title")
    net.encode("x")  # error: expected "Tensor"
    net.encode(x, time=2)  # error: Unexpected keyword argument "time"
    net.log()  # error: Missing positional argument "x"
    net.show(x)  # error: Missing positional argument "title"
    scaled(x, "a")  # error: expected "float"
    Box()  # error: Missing positional argument "low"


def as_values(net: Net, x: Tensor) -> None:
    """A module is a callable, and an nn.Module."""
    function: Callable[[Tensor], tuple[Tensor, int]] = net
    module: nn.Module = net
    nn.Sequential(net, nn.ReLU())
    assert_type(function(x), tuple[Tensor, int])
    assert_type(net.train(), Net)
    assert_type(net.to("cpu"), Net)
    module.eval()


def functions(net: Net, x: Tensor, path: str) -> None:
    """The functions of the package."""
    assert_type(scriptkit.is_compiled(net), bool)
    assert_type(scriptkit.to_torchscript(net), torch.jit.ScriptModule)
    scriptkit.save(net, path)
    scriptkit.save(net, 3)  # error: has incompatible type "int"
    report = scriptkit.report(net)
    for row in report.rows:
        assert_type(row.path, str)
        assert_type(row.class_name, str)
        assert_type(row.reason, str)
    with scriptkit.eager():
        net(x)
    scriptkit.pinned(net)(x)


def conveniences(net: Net, x: Tensor, path: str) -> None:
    """Members a user may replace are not held to a type."""
    net.save(path)
    net.eager(x)
    str(net.code)
    str(net.graph)


def errors() -> None:
    """Each error carries its diagnostics."""
    try:
        Net(4)
    except scriptkit.CompilationError as error:
        for diagnostic in error.diagnostics:
            assert_type(diagnostic.line, int)
            assert_type(diagnostic.message, str)
