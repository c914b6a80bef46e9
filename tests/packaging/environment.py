"""A wheel of this tree, and clean environments that hold it and nothing of the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def build(source: Path, folder: Path, kind: str) -> Path:
    """Build a wheel or an sdist of a source tree with the tree's own build backend, without a network."""
    code = f"from hatchling.build import build_{kind} as build; print(build({str(folder)!r}))"
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=source, capture_output=True, text=True, check=True).stdout
    return folder / told.splitlines()[-1]


class Environment:
    """A virtual environment with the wheel in it; what scriptkit needs is borrowed from the running one."""

    def __init__(self, folder: Path, wheel: Path) -> None:
        venv.create(folder, symlinks=True)
        self.bin = folder / "bin"
        self.site = next(folder.glob("lib/python*/site-packages"))
        # the running environment's packages, those it borrows itself too, but not its `.pth` files, one of which leads
        # to this repository
        borrowed = [path for path in sys.path if Path(path).name == "site-packages"]
        (self.site / "borrowed.pth").write_text("".join(f"{path}\n" for path in borrowed))
        pip = [sys.executable, "-m", "pip", "--python", str(self.bin / "python"), "install", "-q", "--no-deps"]
        subprocess.run([*pip, "--no-index", "--force-reinstall", str(wheel)], check=True, cwd=folder)

    def run(self, command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command in a folder, with this environment active and nothing else set for Python."""
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
        environment = kept | {"PATH": path, "VIRTUAL_ENV": str(self.bin.parent), **variables}
        shell = ["bash", "-euo", "pipefail", "-c", command]
        return subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, check=False)
