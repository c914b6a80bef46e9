"""Short ways to write the examples of a rule."""

from __future__ import annotations

import textwrap

HEADER = """\
from typing import Any, Callable, Dict, Final, List, NamedTuple, Optional, Sequence, Tuple, Union
import torch
import torch.nn.functional as F
from torch import Tensor, nn
"""
MARK = "# <-"  # ends the culprit line of an `Invalid`
_FUTURE = "from __future__ import annotations\n"


def forward(body: str, parameters: str = "x: Tensor", returns: str = "Tensor") -> str:
    """A module that consists of a `forward` with this body."""
    head = f"class Model(nn.Module):\n    def forward(self, {parameters}) -> {returns}:\n"
    return head + textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8) + "\n"


def model(init: str, body: str, parameters: str = "x: Tensor", returns: str = "Tensor", *, declared: str = "") -> str:
    """A module with this constructor and `forward`; `declared` stands in the class body."""
    head = "class Model(nn.Module):\n"
    if declared:
        head += textwrap.indent(textwrap.dedent(declared).strip("\n"), " " * 4) + "\n\n"
    constructor = "def __init__(self) -> None:\n    super().__init__()\n"
    constructor += textwrap.indent(textwrap.dedent(init).strip("\n"), " " * 4) + "\n\n"
    method = forward(body, parameters, returns).split("\n", 1)[1]
    return head + textwrap.indent(constructor, " " * 4) + method


def program(example: str) -> str:
    """The whole file an example stands for: the usual imports, then the example without its mark."""
    text = textwrap.dedent(example).lstrip("\n")
    future, text = (_FUTURE, text.removeprefix(_FUTURE)) if text.startswith(_FUTURE) else ("", text)
    return future + HEADER + "\n\n" + "".join(f"{line.split(MARK)[0].rstrip()}\n" for line in text.splitlines())


def marked_line(example: str) -> int | None:
    """The number of the culprit line in `program(example)`."""
    text = textwrap.dedent(example).lstrip("\n")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if MARK in line]
    return lines[0] + len(HEADER.splitlines()) + 2 if lines else None
