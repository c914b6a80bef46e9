"""Small modules in front of a form: text that TorchScript compiles, under a name by which messages find it."""

from __future__ import annotations

import linecache
import typing
import zlib
from typing import Any

import torch
from torch import nn

from scriptkit.compiling.boundary.named_results import CLASSES


def executed(text: str, purpose: str, name: str) -> dict[str, Any]:
    """The names that the text defines; `name` is the class of the user's in front of whose form it stands."""
    file = f"<scriptkit {purpose} {zlib.crc32(text.encode()):08x} of {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, Any] = {"nn": nn, "torch": torch, "Tensor": torch.Tensor, **vars(typing), **CLASSES}
    names["__name__"] = f"scriptkit.{purpose}.{name}"
    exec(compile(text, file, "exec", dont_inherit=True), names)  # noqa: S102  # our own text
    return names
