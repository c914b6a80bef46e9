"""An environment for each version of torch and Python, outside the tree, without a second copy of what they share.

    HOME/packages-3.11/               what the tests need, without torch
    HOME/cuda-13/                     the CUDA libraries that wheels of this generation link to, where they ask for any
    HOME/torch-2.15.0-python3.11/     torch alone; sees the packages behind it, and the CUDA libraries through a link

The wheel of torch on Linux is a CUDA build: with its libraries 5 GB, without them 1.2 GB.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.environment import parse_toml

ROOT = Path(__file__).parents[2]
READY = "ready"
PINNED_PYTHON = "3.11"  # the one that constraints.txt was made with


class CannotInstallError(Exception):
    """An environment that is not to be had here; the message is one line."""


@dataclass(frozen=True)
class Version:
    """One cell of the matrix."""

    torch: str
    python: str

    def __str__(self) -> str:
        return f"torch {self.torch}, Python {self.python}"

    @property
    def name(self) -> str:
        """A file name."""
        return f"torch-{self.torch}-python{self.python}"


def home() -> Path:
    """Where the environments are: `SCRIPTKIT_MATRIX`, else a folder of the user's cache."""
    chosen = os.environ.get("SCRIPTKIT_MATRIX")
    return Path(chosen) if chosen else Path.home() / ".cache" / "scriptkit-torch-matrix"


def remove() -> None:
    """Remove every environment."""
    shutil.rmtree(home(), ignore_errors=True)


def python_of(version: Version) -> Path:
    """The interpreter of an environment, which is set up unless it is there, with the packages of today."""
    folder = home() / version.name
    packages = _packages(version.python)
    if not (folder / READY).exists():
        _set_up(version, folder, packages)
    python = folder / "bin" / "python"
    _link_project(_site_packages(python))
    return python


def _link_project(here: Path) -> None:
    """Let an environment that was made from another tree see this one, also where no variable names it."""
    for link in here.glob("_editable_impl_scriptkit.pth"):
        if link.read_text(encoding="utf-8").strip() != str(ROOT):
            link.write_text(f"{ROOT}\n", encoding="utf-8")


def _set_up(version: Version, folder: Path, packages: Path) -> None:
    print(f"setting up {version} (a download of about 1 GB)", flush=True)
    _run([_interpreter(version.python), "-m", "venv", "--clear", "--without-pip", str(folder)])
    python = folder / "bin" / "python"
    pip = [str(packages / "bin" / "python"), "-m", "pip", "--python", str(python), "install", "-q"]
    _run([*pip, "--no-deps", f"torch=={version.torch}"], f"torch {version.torch} for Python {version.python}")
    here = _site_packages(python)
    (here / "around.pth").write_text(f"{_site_packages(packages / 'bin' / 'python')}\n")
    _link_cuda(here, packages, version.python)
    _run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], "the project")
    _run([str(python), "-c", "import torch"], f"torch {version.torch} as it is installed")
    (folder / READY).touch()


def _packages(python: str) -> Path:
    """The environment with everything but torch; what was asked for since it was made is added."""
    folder = home() / f"packages-{python}"
    asked = _pinned() if python == PINNED_PYTHON else _requirements()
    wanted = "\n".join([*asked, "setuptools>=77", ""])  # torch >= 2.14 asks for it
    ready = folder / READY
    if ready.exists() and ready.read_text(encoding="utf-8") == wanted:
        return folder
    print(f"setting up the packages of Python {python}", flush=True)
    if not ready.exists():
        _run([_interpreter(python), "-m", "venv", "--clear", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q"]
    closed = ["--no-deps"] if python == PINNED_PYTHON else []
    _run([*pip, *closed, *wanted.splitlines()], f"the packages of Python {python}")
    _run([str(folder / "bin" / "python"), "-m", "pip", "check"], "all that the packages ask for")
    ready.write_text(wanted, encoding="utf-8")
    return folder


def _pinned() -> list[str]:
    """What the project is developed with, less torch."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line[:1] not in ("#", "") and not line.startswith("torch==")]


def _requirements() -> list[str]:
    """What the project and its extras ask for, less torch, plus what torch itself asks for beside CUDA."""
    project = parse_toml((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    asked = [
        *project["dependencies"],
        *extras,
        "editables",
        "filelock",
        "sympy",
        "networkx",
        "jinja2",
        "fsspec",
        "pyyaml",
    ]
    return [line for line in asked if not re.match(r"(torch|scriptkit)\b", line)]


def _link_cuda(here: Path, packages: Path, python: str) -> None:
    """Let an environment see the CUDA libraries that its wheel names, of each generation the newest asked for."""
    metadata = (next(here.glob("torch-*.dist-info")) / "METADATA").read_text()
    asked = re.findall(r"^Requires-Dist: ((?:nvidia-|cuda-toolkit)[^;\n]*)", metadata, re.MULTILINE)
    if not asked:
        return
    generation = re.search(r"-cu(\d+)|==(\d+)", " ".join(asked))
    shared = home() / f"cuda-{generation[1] or generation[2]}" if generation else home() / "cuda"
    if not shared.exists():
        _run([_interpreter(python), "-m", "venv", "--without-pip", str(shared)])
    libraries = _site_packages(shared / "bin" / "python")
    missing = [line.strip() for line in asked if not _is_there(libraries, line)]
    if missing:
        print(f"installing CUDA libraries into {shared} (a download of up to 2.5 GB)", flush=True)
        pip = [
            str(packages / "bin" / "python"),
            "-m",
            "pip",
            "--python",
            str(shared / "bin" / "python"),
            "install",
            "-q",
        ]
        _run([*pip, *missing], "the CUDA libraries")
    (here / "nvidia").symlink_to(libraries / "nvidia")


def _is_there(libraries: Path, requirement: str) -> bool:
    """Whether a requirement such as `name[parts]==version` is installed in this version or a newer one."""
    name = re.match(r"[\w-]+", requirement)
    lowest = re.search(r"[=>]=([\d.]+)", requirement)
    found = list(libraries.glob(f"{name[0].replace('-', '_')}-*.dist-info")) if name else []
    return bool(found) and (not lowest or _numbers(found[0].name.split("-")[1]) >= _numbers(lowest[1]))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _interpreter(python: str) -> str:
    """A Python of this version: on PATH, or among pyenv's."""
    found = shutil.which(f"python{python}")
    if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
        return found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    of_pyenv = sorted(pyenv.glob(f"{python}.*/bin/python{python}"))
    if not of_pyenv:
        raise CannotInstallError(f"there is no Python {python} here")
    return str(of_pyenv[-1])


def _site_packages(python: Path) -> Path:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def _run(command: list[str], what: str = "") -> None:
    """Run a command; what it says when it fails, in one line."""
    # the versions are named here: constraints of this machine's own are no part of the question
    environment = {**os.environ, "PIP_CONSTRAINT": os.devnull}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        said = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()]
        reason = next((line for line in reversed(said) if "ERROR" in line or "Error" in line), said[-1] if said else "")
        raise CannotInstallError(f"{what or command[0]} cannot be installed: {reason.strip()[:200]}")
