"""Forged files: the entries of a small model, changed, and sealed again with checksums that fit."""

from __future__ import annotations

import hashlib
import io
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from scriptkit.artifact.container import Container, container_bytes
from scriptkit.artifact.manifest import MANIFEST_ENTRY
from scriptkit.artifact.saving import save
from scriptkit.engines.torchscript.engine import files

if TYPE_CHECKING:
    from collections.abc import Callable

CODE = "code/__torch__/tests/artifact/attacks.py"
LINEAR = "code/__torch__/torch/nn/modules/linear.py"


class Victim(nn.Module):
    """What the attacks are put into."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x: Tensor, scale: float = 2.0) -> Tensor:
        result: Tensor = self.layer(x) * scale
        return result


def contents_of(module: torch.jit.ScriptModule) -> dict[str, bytes]:
    """The entries of the file of a module."""
    stream = io.BytesIO()
    save(module, stream)
    container = Container(stream)
    return {name: container.read(name) for name in container.entries}


def victim() -> dict[str, bytes]:
    """The entries of the file of the victim."""
    return contents_of(torch.jit.script(Victim().eval()))


def seal(contents: dict[str, bytes], edit: Callable[[dict[str, Any]], object] | None = None) -> bytes:
    """A file of these entries, whose manifest fits them, once `edit` has changed it."""
    contents = dict(contents)
    manifest = json.loads(contents.pop(MANIFEST_ENTRY))
    manifest["checksums"] = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    if edit is not None:
        edit(manifest)
    return container_bytes(contents | {MANIFEST_ENTRY: json.dumps(manifest).encode()})


@cache
def state_type() -> str:
    """What `__setstate__` takes; newer versions of torch hand it a dictionary of anything."""
    for kind in ("Dict[Any, Any]", "Dict[str, Tensor]"):
        contents = victim()
        contents[LINEAR] = contents[LINEAR].rstrip(b"\n") + SETSTATE.format(state=kind, body="    pass").encode()
        try:
            files.load_bytes(seal(contents), None)
        except RuntimeError:
            continue
        return kind
    message = "this torch runs no `__setstate__` of a file"
    raise AssertionError(message)


SETSTATE = """
  def __setstate__(self: __torch__.torch.nn.modules.linear.Linear,
    state: {state}) -> NoneType:
{body}
    self.weight = torch.zeros([2, 2])
    self.bias = torch.zeros([2])
    self.training = True
    self._is_full_backward_hook = None
    return None
  def __getstate__(self: __torch__.torch.nn.modules.linear.Linear) -> {state}:
    return annotate({state}, {{}})
"""
