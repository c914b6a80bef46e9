"""The portable C++ runtime against TorchScript: one model as `.pt2` and `.pt`, called in turn in one C++ program."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.export import Dim

from benchmarks.interleaving import ROOT, Comparison
from benchmarks.measurements import Effort, Measurement, Row, microseconds, milliseconds
from scriptkit.cpp.recording import Call, write_recording

CALL_GOAL = 1.05
LOAD_GOAL = 1.5
MEMORY_GOAL = 1.0
MILLISECOND = 1e-3
LSTM_STEPS = 100


class Mlp(nn.Module):
    """Three layers, about ten microseconds: what the runtime itself costs shows here first."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.layers(x)
        return made


class Residual(nn.Module):
    """A block of two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


class Inverted(nn.Module):
    """The block of MobileNetV2."""

    def __init__(self, width: int, made: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = width * expansion
        layers: list[nn.Module] = []
        if expansion > 1:
            layers += [nn.Conv2d(width, inner, 1, bias=False), nn.BatchNorm2d(inner), nn.ReLU6(inplace=True)]
        layers += [nn.Conv2d(inner, inner, 3, stride, 1, groups=inner, bias=False), nn.BatchNorm2d(inner)]
        layers += [nn.ReLU6(inplace=True), nn.Conv2d(inner, made, 1, bias=False), nn.BatchNorm2d(made)]
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and width == made

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.layers(x)
        return x + made if self.adds else made


class MobileNetV2(nn.Module):
    """As torchvision has it, written here so that nothing else has to be installed."""

    SHAPE = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6(inplace=True)]
        width = 32
        for expansion, made, count, stride in self.SHAPE:
            for place in range(count):
                layers.append(Inverted(width, made, stride if place == 0 else 1, expansion))
                width = made
        layers += [nn.Conv2d(width, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6(inplace=True)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


class Attention(nn.Module):
    """A layer of a transformer, written out: torch's own takes a fused path of its own in TorchScript alone."""

    def __init__(self) -> None:
        super().__init__()
        self.mixed = nn.Linear(32, 96)
        self.out = nn.Linear(32, 32)
        self.norm = nn.LayerNorm(32)
        self.feed = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32))
        self.last = nn.LayerNorm(32)

    def forward(self, x: Tensor) -> Tensor:
        batch, time = x.shape[0], x.shape[1]
        mixed = self.mixed(x).reshape(batch, time, 3, 4, 8).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(mixed[0], mixed[1], mixed[2])
        x = self.norm(x + self.out(seen.transpose(1, 2).reshape(batch, time, 32)))
        return self.last(x + self.feed(x))


class Transformer(nn.Module):
    """Two layers of an encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(Attention(), Attention())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class LstmLoop(nn.Module):
    """A loop over time written by hand, unrolled by torch.export as it stands; a loop in TorchScript."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[1], 16)
        c = torch.zeros(x.shape[1], 16)
        for step in range(x.shape[0]):
            h, c = self.cell(x[step], (h, c))
        return h


class LstmStates(LstmLoop):
    """The same loop, which also gives the state of each step."""

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[1], 16)
        c = torch.zeros(x.shape[1], 16)
        states = []
        for step in range(x.shape[0]):
            h, c = self.cell(x[step], (h, c))
            states.append(h)
        return torch.stack(states)


class LstmScan(LstmLoop):
    """The same as `scan`, which takes any length."""

    def forward(self, x: Tensor) -> Tensor:
        from torch._higher_order_ops.scan import scan

        def step(carry: tuple[Tensor, Tensor], item: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
            h, c = self.cell(item, carry)
            return (h, c), h.clone()

        start = torch.zeros(x.shape[1], 16)
        made: tuple[object, Tensor] = scan(step, (start, start.clone()), x)
        return made[1]


Made = tuple[nn.Module, nn.Module, Tensor, dict[int, object]]
MODELS: dict[str, Callable[[], Made]] = {
    "MLP": lambda: _twice(Mlp(), torch.randn(4, 32), {0: Dim.AUTO}),
    "residual block": lambda: _twice(Residual(), torch.randn(2, 16, 16, 16), {0: Dim.AUTO}),
    "small transformer": lambda: _twice(Transformer(), torch.randn(2, 10, 32), {0: Dim.AUTO, 1: Dim.AUTO}),
    "MobileNetV2": lambda: _twice(MobileNetV2(), torch.randn(1, 3, 224, 224), {}),
    f"LSTM loop of {LSTM_STEPS} steps": lambda: _twice(LstmLoop(), torch.randn(LSTM_STEPS, 4, 16), {}),
    f"LSTM of {LSTM_STEPS} steps as scan": lambda: _looped(torch.randn(LSTM_STEPS, 4, 16)),
}


def _twice(module: nn.Module, x: Tensor, dynamic: dict[int, object]) -> Made:
    return module, module, x, dynamic


def _looped(x: Tensor) -> Made:
    scanned = LstmScan()
    looped = LstmStates()
    looped.load_state_dict(scanned.state_dict())
    return scanned, looped, x, {0: Dim.AUTO}


def portable_runtime(effort: Effort) -> list[Row]:
    """Calls, loads and memory of each model."""
    if not (shutil.which("cmake") and shutil.which("g++")):
        return []
    program = _built()
    return [row for name, make in MODELS.items() for row in _compared(program, name, make(), effort)]


def _built() -> Path:
    """The program that compares, kept between runs."""
    folder = ROOT / "build" / "benchmarks-cpp"
    quick = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    where = f"-DLIBTORCH={torch.utils.cmake_prefix_path}"
    source = ROOT / "benchmarks" / "cpp"
    _run("cmake", "-S", str(source), "-B", str(folder), where, "-DCMAKE_BUILD_TYPE=Release", *quick)
    _run("cmake", "--build", str(folder), "--target", "compare")
    return folder / "compare"


def _run(*command: str) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return done.stdout


def _compared(program: Path, name: str, made: Made, effort: Effort) -> list[Row]:
    exported_module, scripted_module, x, dynamic = made
    exported_module.eval()
    scripted_module.eval()
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        files = [Path(folder) / file for file in ("model.pt2", "model.pt", "calls")]
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            exported = torch.export.export(exported_module, (x,), dynamic_shapes=(dynamic or None,))
            torch.export.save(exported, files[0])
            torch.jit.script(scripted_module).save(str(files[1]))
        write_recording(files[2], [Call("forward", (x,), {}, exported.module()(x))])
        said = _run(str(program), *map(str, files), str(effort.rounds))
    pairs: dict[str, list[tuple[float, float]]] = {"call": [], "load": [], "memory": []}
    for line in said.splitlines():
        what, first, second = line.split()
        pairs[what].append((float(first), float(second)))
    calls = Comparison.of(pairs["call"])
    shown = milliseconds if calls.theirs > MILLISECOND else microseconds
    ours, theirs = pairs["memory"][0]
    return [
        shown(calls, f"call of {name}, C++", CALL_GOAL),
        milliseconds(Comparison.of(pairs["load"]), f"load of {name}, C++", LOAD_GOAL),
        Row(
            f"peak memory of {name}, C++",
            f"{ours / 1024:.0f} KiB",
            f"{theirs / 1024:.0f} KiB",
            ours / theirs,
            None,
            MEMORY_GOAL,
        ),
    ]


ALL: dict[str, Measurement] = {"cpp": portable_runtime}
