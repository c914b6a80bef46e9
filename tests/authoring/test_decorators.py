"""`export`, `ignore`, `unused` and `script`: what they compile, and that they leave Python as it was."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule, export, ignore, script, unused
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.test_running import batch
from tests.scenarios.watching import python_forwards, run_compiled


class Exports(ScriptableModule):
    calls: int

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.encode(x) + 1

    @export
    def encode(self, x: Tensor, times: int = 2) -> Tensor:
        """Encode."""
        self.calls += 1
        out: Tensor = self.fc(x)
        return out * times

    @export
    def runs_compiled(self) -> bool:
        return torch.jit.is_scripting()  # type: ignore[attr-defined]


def test_an_exported_method_runs_compiled_and_binds_the_state_of_python() -> None:
    net, plain = twins(Exports)
    assert net.runs_compiled()
    for model in (net, plain):
        model.fc.weight = nn.Parameter(torch.ones(4, 4))
    assert_same(net.encode(batch(), times=3), plain.encode(batch(), times=3))
    assert net.calls == 1
    assert_same(run_compiled(net, batch()), plain(batch()))
    assert net.calls == 2
    with scriptkit.eager():
        assert not net.runs_compiled()


def test_an_exported_method_keeps_its_face() -> None:
    assert Exports.encode.__name__ == "encode"
    assert Exports.encode.__doc__ == "Encode."
    assert str(inspect.signature(Exports.encode)).startswith("(self, x: torch.Tensor, times: int = 2)")


def test_wrong_arguments_of_an_exported_method() -> None:
    with pytest.raises(TypeError, match=r"encode\(\) missing 1 required positional argument: 'x'"):
        Exports().encode()  # type: ignore[call-arg]


def test_an_exported_method_is_in_the_file(tmp_path: Path) -> None:
    net, plain = twins(Exports)
    net.save(tmp_path / "model.pt")
    assert_same(torch.jit.load(tmp_path / "model.pt").encode(batch(), 5), plain.encode(batch(), 5))


class OnlyExports(ScriptableModule):
    """No forward at all."""

    @export
    def twice(self, x: Tensor) -> Tensor:
        return x * 2


def test_a_module_of_exported_methods_alone() -> None:
    assert_same(OnlyExports().twice(batch()), batch() * 2)


class Guarded(ScriptableModule):
    @unused
    def debug(self, x: Tensor) -> Tensor:
        print(*[f"{value}" for value in x])  # noqa: T201 no compiler would take it
        return x

    def forward(self, x: Tensor, debugging: bool = False) -> Tensor:
        if debugging:
            x = self.debug(x)  # scriptkit: allow[unused-method]
        return x + 1


def test_an_unused_method_raises_when_compiled_code_reaches_it(tmp_path: Path) -> None:
    net, _ = twins(Guarded)
    assert_same(run_compiled(net, batch()), batch() + 1)
    with pytest.raises(Exception, match="debug"):
        net(batch(), True)
    net.save(tmp_path / "model.pt")
    assert_same(torch.jit.load(tmp_path / "model.pt")(batch()), batch() + 1)


def test_an_unused_method_is_an_ordinary_one_in_python(capsys: pytest.CaptureFixture[str]) -> None:
    net, _ = twins(Guarded)
    net.eager(torch.ones(2), debugging=True)
    net.debug(torch.ones(1))
    assert capsys.readouterr().out == "1.0 1.0\n1.0\n"


class Logs(ScriptableModule):
    lines: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.lines = []

    @ignore
    def log(self, x: Tensor, name: str) -> None:
        self.lines.append(f"{name}: {tuple(x.shape)}")

    @ignore
    def scale(self, x: Tensor) -> float:
        return 2.0 if x.numel() else 0.0

    def forward(self, x: Tensor) -> Tensor:
        self.log(x, "input")  # scriptkit: allow[python-call]
        return x * self.scale(x)  # scriptkit: allow[python-call]


def test_ignored_methods_run_in_python_among_compiled_code() -> None:
    with pytest.warns(scriptkit.ScriptkitWarning, match=r"(?s)log.*scale|scale.*log"):
        net = Logs()
    assert_same(run_compiled(net, batch()), batch() * 2)
    assert_same(run_compiled(net, batch()), batch() * 2)
    assert net.lines == ["input: (8, 4)", "input: (8, 4)"]


def test_an_ignored_method_that_compiled_code_never_reaches_is_no_matter(tmp_path: Path) -> None:
    class Careful(ScriptableModule):
        @ignore
        def describe(self) -> str:
            return f"{type(self).__name__} on {sys.platform}"

        def forward(self, x: Tensor) -> Tensor:
            return x + 1

    net = Careful()
    net.save(tmp_path / "model.pt")
    assert net.describe().startswith("Careful")


@script
def scaled(x: Tensor, by: float = 2.0) -> Tensor:
    """Scale."""
    if torch.jit.is_scripting():  # type: ignore[attr-defined]
        return x * by
    return x * by + 100


@script
class Box:
    """A pair of corners."""

    def __init__(self, low: Tensor, high: Tensor) -> None:
        self.low = low
        self.high = high

    def area(self) -> Tensor:
        return (self.high - self.low).prod(-1)


class UsesScripted(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
        box = Box(x, x + 2.0)
        return scaled(box.area(), by=0.5)


def test_a_scripted_function_runs_compiled_and_keeps_its_face() -> None:
    assert_same(scaled(torch.ones(2)), torch.full((2,), 2.0))
    assert_same(scaled(torch.ones(2), by=3.0), torch.full((2,), 3.0))
    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Scale."
    with scriptkit.eager():
        assert_same(scaled(torch.ones(2)), torch.full((2,), 102.0))
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        scaled()  # type: ignore[call-arg]


def test_a_scripted_class_is_an_ordinary_class_in_python() -> None:
    box = Box(torch.zeros(3), torch.ones(3) * 2)
    assert isinstance(box, Box)
    assert_same(box.area(), torch.tensor(8.0))


def test_a_module_that_uses_scripted_functions_and_classes() -> None:
    net = UsesScripted()
    with python_forwards(net) as entered:
        assert_same(net(torch.zeros(2, 3)), torch.full((2,), 4.0))
    assert not entered


def test_a_scripted_function_that_cannot_compile_says_so_at_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")

    @script
    def broken(x: Tensor) -> Tensor:
        return x.nosuch()  # type: ignore[attr-defined, no-any-return]

    for _ in range(2):
        with pytest.raises(scriptkit.CompilationError, match="nosuch") as caught:
            broken(torch.ones(1))
        assert caught.value.diagnostics[0].path == __file__


LAZY = """
import sys
import scriptkit

@scriptkit.script
def f(x: "Tensor") -> "Tensor":
    return x.nosuch()

@scriptkit.script
class C:
    def __init__(self, x: int) -> None:
        self.x = x.nosuch()

assert "torch" not in sys.modules
"""


def test_decorating_compiles_nothing_and_loads_no_torch() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", LAZY], check=True, timeout=600)
