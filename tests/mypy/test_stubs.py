"""With the real torch: the opt-in stubs describe it and repair what `mypy --strict` says; so does the plugin."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

USE = """\
import torch
from torch import Tensor, nn


@torch.jit.ignore
def log(x: Tensor) -> None: ...


@torch.jit.script_if_tracing
def twice(x: Tensor) -> Tensor:
    return x * 2 if not torch.jit.is_scripting() else x


@torch.jit.script
def half(x: Tensor) -> Tensor:
    return x / 2


def use(module: nn.Module, x: Tensor) -> Tensor:
    traced = torch.jit.trace(module, (x,))
    torch.jit.save(torch.jit.freeze(traced.eval()), "m.pt")
    loaded: torch.jit.RecursiveScriptModule = torch.jit.load("m.pt", map_location="cpu")
    loaded.save("n.pt", _extra_files={"a": b""})
    loaded.define("def f(self): return 1")
    torch.jit.script(module).save("o.pt")
    units: list[torch.jit.ScriptFunction[..., object]] = torch.jit.CompilationUnit().define("")
    log(half(x))
    assert not torch.jit.is_tracing() and units and loaded.save_to_buffer()
    return torch.jit.wait(torch.jit.fork(twice, x)) + len(torch.jit.export_opnames(loaded))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The distribution of the stubs, built as anybody would."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=root / "stubs", capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, root: Path, wheel: Path) -> Path:
    """An environment of its own, with the wheel unpacked beside everything of this one."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([str(python), "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    packages = [place for place in sys.path if place.endswith("site-packages")]  # of this environment, and behind it
    Path(site, "around.pth").write_text("\n".join([*packages, str(root), ""]))
    return python


def run(python: Path, *command: str, cwd: Path) -> str:
    done = subprocess.run(
        [str(python), "-m", *command], cwd=cwd, capture_output=True, text=True, check=False, timeout=500
    )
    assert not done.stderr, done.stderr
    return done.stdout


def test_the_wheel_holds_stubs_and_nothing_else(wheel: Path) -> None:
    assert wheel.name.startswith("scriptkit_torch_stubs-2.13")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == {"torch-stubs/py.typed", "torch-stubs/jit/__init__.pyi", "torch-stubs/jit/_script.pyi"}
    assert zipfile.ZipFile(wheel).read("torch-stubs/py.typed") == b"partial\n"


@pytest.mark.slow
def test_stubtest_passes(environment: Path, tmp_path: Path) -> None:
    """Of the modules that have a stub of ours; torch's own are its own affair."""
    out = run(environment, "mypy.stubtest", "torch.jit", "--concise", "--ignore-missing-stub", cwd=tmp_path)
    lines = out.splitlines()
    assert lines, "stubtest finds things to say about torch's own modules"
    assert [line for line in lines if line.partition(" ")[0].count(".") == 2 or "torch.jit._script." in line] == []


MODEL = """\
import torch
from torch import Tensor, nn

from scriptkit import ScriptableModule


class Net(ScriptableModule):
    def __init__(self, depth: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(3, 3, 1) for _ in range(depth)])
        self.norms = nn.ModuleList()
        for _ in range(depth):
            self.norms.append(nn.BatchNorm2d(3))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
        self.skip = nn.Identity() if depth > 1 else None
        self.heads = nn.ModuleDict({"a": nn.Linear(2, 2)})
        self.register_buffer("mean", torch.zeros(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = x - self.mean
        for conv, norm in zip(self.convs, self.norms):
            x = norm(conv(x))
        for i, conv in enumerate(self.convs):
            x = conv(x) * i
        skip = self.skip
        if skip is not None:
            x = skip(x)
        x = self.head(x)
        for name, head in self.heads.items():
            x = head(x)
        return self.heads["a"](x)


def use() -> Tensor:
    nn.Conv2d(3, 3, 1)(torch.zeros(3), 1)  # error
    return Net(3)(torch.zeros(1, 3, 2, 2))
"""
CONFIGURATION = '[tool.mypy]\nplugins = ["scriptkit.mypy"]\nstrict = true\n'


@pytest.mark.slow
def test_strict_code_has_no_error_of_torchs_making(environment: Path, tmp_path: Path, root: Path) -> None:
    """Without the stubs, or without the plugin, nearly each of these lines is an error or hides one."""
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    (tmp_path / "use.py").write_text(USE)
    (tmp_path / "model.py").write_text(MODEL)
    cache = f"--cache-dir={root}/.mypy_cache/stubs"
    out = run(environment, "mypy", "--no-error-summary", cache, "use.py", "model.py", cwd=tmp_path)
    line = next(number for number, text in enumerate(MODEL.splitlines(), 1) if "# error" in text)
    assert out == f'model.py:{line}: error: Too many arguments for "forward" of "Conv2d"  [call-arg]\n'
