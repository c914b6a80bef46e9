"""Which versions of torch and Python are supported: those that are run. The metadata claims no other."""

from __future__ import annotations

from tools.torch_matrix.environments import PINNED_PYTHON, Version

TORCH = ("2.15.0", "2.14.1", "2.13.0", "2.12.1", "2.11.0", "2.10.0", "2.9.1", "2.8.0")
PYTHON = {"3.13": "2.15.0", "3.12": "2.15.0", "3.10": "2.14.1"}  # each with the newest torch that it takes

ALL = (
    *(Version(torch, PINNED_PYTHON) for torch in TORCH),
    *(Version(torch, python) for python, torch in PYTHON.items()),
)


def chosen(torch: str, python: str) -> list[Version]:
    """The versions that somebody names, separated by spaces; every one of them where nothing is named."""
    if not torch and not python:
        return list(ALL)
    return [
        Version(t, p) for p in python.split() or [PINNED_PYTHON] for t in torch.split() or [PYTHON.get(p, TORCH[0])]
    ]
