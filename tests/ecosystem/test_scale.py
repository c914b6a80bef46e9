"""`examples/scale` with the real engines, on one machine."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import scriptkit
from scriptkit.errors import ArtifactError

ROOT = Path(__file__).parent.parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "RAY_AUTH_MODE": "disabled"}
NO_RAY = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: `make ecosystem` has it"
)
NO_DASK = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="Dask is not installed: `make ecosystem` has it"
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="torch without gloo"),
]


def run(*arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def trained(way: str, folder: Path, processes: int = 2) -> tuple[float, Path]:
    """The last loss, and the file that one process makes of the checkpoint."""
    options = ("--standalone", "--nproc-per-node", str(processes), "-m", "examples.scale.train", way)
    told = run("-m", "torch.distributed.run", *options, "--checkpoint", str(folder / way))
    file = folder / f"{way}.pt"
    run("-m", "examples.scale.to_file", str(folder / way), str(file))
    found = re.search(r"loss ([\d.]+)", told)
    assert found is not None
    return float(found[1]), file


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained("ddp", tmp_path_factory.mktemp("ddp"))[1]


def test_all_ways_of_training_give_the_same(file: Path, tmp_path: Path) -> None:
    from examples.scale.model import rows

    expected = scriptkit.load(file)(rows())
    for way, processes in (("fsdp", 4), ("tensor", 2)):
        loss, other = trained(way, tmp_path, processes)
        assert loss > 0
        assert torch.allclose(scriptkit.load(other)(rows()), expected, atol=1e-5)


@NO_DASK
def test_batches_with_dask(file: Path) -> None:
    assert "128 rows scored" in run("-m", "examples.scale.batch_dask", str(file))


@NO_RAY
def test_batches_with_ray_data(file: Path) -> None:
    assert "128 rows scored" in run("-m", "examples.scale.batch_ray", str(file))


@pytest.fixture
def _ray() -> Iterator[None]:
    os.environ.update({name: ENVIRONMENT[name] for name in ("PYTHONPATH", "RAY_AUTH_MODE")})
    import ray
    from ray import serve

    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    serve.start(http_options={"host": "127.0.0.1"})
    yield
    serve.shutdown()
    ray.shutdown()


@NO_RAY
@pytest.mark.usefixtures("_ray")
@pytest.mark.filterwarnings("ignore")
def test_served_by_ray(file: Path) -> None:
    from ray import serve

    from examples.scale.load_test import ask, measured
    from examples.scale.model import rows
    from examples.scale.serve_ray import application

    url = "http://127.0.0.1:8000/score"
    serve.run(application({"file": str(file)}), name="score", route_prefix="/score")
    status, answer, _ = ask(url, {"features": rows(2).tolist()})
    assert status == 200
    assert torch.allclose(torch.tensor(answer["scores"]), scriptkit.load(file)(rows(2)), atol=1e-6)
    status, answer, _ = ask(url, {"features": [1, 2]})
    assert (status, "`features`: expected" in answer["error"]) == (422, True)
    status, answer, _ = ask(url, {"rows": []})
    assert (status, "no JSON with `features`" in answer["error"]) == (400, True)
    figures = measured("file", url, 100, 4)
    assert (figures.requests, figures.errors) == (100, 0)


@NO_RAY
def test_a_file_that_is_refused_starts_nothing(file: Path, tmp_path: Path) -> None:
    from examples.scale.serve_ray import application

    with pytest.raises(ArtifactError, match="nowhere"):
        application({"file": str(tmp_path / "nowhere.pt")})
    changed = tmp_path / "changed.pt"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    with pytest.raises(ArtifactError):
        application({"file": str(changed)})


IN_MAIN = """
import ray, torch, scriptkit
from torch import Tensor, nn
from scriptkit import ScriptableModule

def scaled(x: Tensor) -> Tensor:
    return x * 3

class Net(ScriptableModule):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return scaled(self.fc(x))

class Keeper:
    def __init__(self, net): self.net = net
    def call(self, x): return self.net(x).detach(), scriptkit.is_compiled(self.net)

def made(cls, state, x):
    net = cls()
    net.load_state_dict(state)
    return net(x).detach(), scriptkit.is_compiled(net)

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
net, x = Net(), torch.ones(2, 4)
answers = [
    ray.get(ray.remote(made).remote(Net, net.state_dict(), x)),
    ray.get(ray.remote(Keeper).remote(net).call.remote(x)),
    ray.get(ray.remote(Keeper).remote(scriptkit.compile(net)).call.remote(x)),
]
print([bool(torch.equal(result, net(x))) and compiled for result, compiled in answers])
"""


@NO_RAY
@pytest.mark.parametrize("kind", ["file", "cell"])
def test_classes_of_main_and_of_a_notebook_are_sent_by_ray(kind: str, tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    text = IN_MAIN
    if kind == "cell":
        text = (
            "import linecache\n"
            f"text = {IN_MAIN!r}\n"
            "name = '<ipython-input-1-abc>'\n"
            "linecache.cache[name] = (len(text), None, text.splitlines(True), name)\n"
            "exec(compile(text, name, 'exec'))\n"
        )
    script.write_text(text)
    assert run(str(script)).splitlines()[-1] == "[True, True, True]"
