"""A model repository for Triton's PyTorch backend, from a model file."""

from __future__ import annotations

import linecache
import shutil
import tempfile
import typing
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.engines.torchscript.engine import files, making
from scriptkit.errors import ArtifactError
from scriptkit.serving.batching import why_not_batched
from scriptkit.serving.triton_config import TritonError, config_text, model_name, ports_of

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from scriptkit.artifact.loaded import LoadedModule
    from scriptkit.artifact.manifest import Method
    from scriptkit.engines import interface

USUAL_BATCH = 32
_OF_TORCH = {"aten", "prim", "prims", "quantized"}


def write_repository(
    file: str | os.PathLike[str],
    repository: str | os.PathLike[str],
    *,
    name: str = "",
    methods: Sequence[str] = (),
    max_batch_size: int = USUAL_BATCH,
) -> list[Path]:
    """Write one model for each method of a file, or for those named, and return the files written.

    The backend calls `forward`; an exported method becomes a model of its own, whose `forward` is that method.

    Raises:
        ArtifactError: the file is refused, or a model of that name is there already.
        TritonError: the backend does not pass on what a method takes or gives.
    """
    model = load(file, map_location="cpu")
    if model.manifest.training:
        raise TritonError("the model was saved in training mode: call `eval()` before `save`")
    first = model_name(name or Path(file).stem)
    texts = {
        _named(first, method): (method, _config(model, method, _named(first, method), max_batch_size))
        for method in _wanted(model, methods)
    }
    folder = Path(repository)
    taken = next((name for name in texts if (folder / name).exists()), None)
    if taken is not None:
        raise ArtifactError(f"`{folder / taken}` exists already; give the model another name, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    return [
        path
        for name, (method, text) in texts.items()
        for path in _write(folder / name, model, method, text, Path(file))
    ]


def _wanted(model: LoadedModule, methods: Sequence[str]) -> list[Method]:
    known = {method.name: method for method in model.manifest.methods}
    unknown = next((name for name in methods if name not in known), None)
    if unknown is not None:
        raise ArtifactError(f"the model has no method `{unknown}`; it has {', '.join(map('`{}`'.format, known))}")
    return [known[name] for name in methods] or [*known.values()]


def _named(first: str, method: Method) -> str:
    return first if method.name == "forward" else f"{first}_{model_name(method.name)}"


def _config(model: LoadedModule, method: Method, name: str, max_batch_size: int) -> str:
    ports = ports_of(method)
    why = why_not_batched(model, method, ports) if max_batch_size else "no batches were asked for"
    notes = [f"{model.manifest.class_name}.{method.name}, written by scriptkit"]
    if why is not None:
        notes.append(f"each request is a call of its own: {why}")
    foreign = sorted(
        {op.partition("::")[0] for op in model.manifest.operators} - {"aten", "prim", "prims", "quantized"}
    )
    if foreign:
        notes.append(f"the server needs the libraries of these operators: {', '.join(foreign)}")
    return config_text(name, ports, max_batch_size=0 if why is not None else max_batch_size, notes=notes)


def _write(folder: Path, model: LoadedModule, method: Method, text: str, file: Path) -> list[Path]:
    """A model in one step: a server that looks meanwhile sees none of it."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".scriptkit") as beside:
        made = Path(beside) / folder.name
        (made / "1").mkdir(parents=True)
        if method.name == "forward":
            shutil.copyfile(file, made / "1" / "model.pt")
        else:
            save(_calling(model, method), made / "1" / "model.pt")
        (made / "config.pbtxt").write_text(text, encoding="utf-8")
        made.rename(folder)
    return [folder / "config.pbtxt", folder / "1" / "model.pt"]


def _calling(model: LoadedModule, method: Method) -> torch.jit.ScriptModule:
    """A module whose `forward` is a method of the model."""
    schema = next(schema for schema in files.method_schemas(model.module) if schema.name == method.name)
    parameters = ", ".join(_declared(parameter) for parameter in schema.parameters)
    arguments = ", ".join(parameter.name for parameter in schema.parameters)
    text = (
        "class Method(nn.Module):\n"
        f"    def forward(self, {parameters}):\n"
        f"        return self.model.{method.name}({arguments})\n"
    )
    path = f"<scriptkit method {zlib.crc32(text.encode()):08x} of {model.manifest.class_name}>"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    names: dict[str, Any] = {"nn": nn, "torch": torch, "Tensor": torch.Tensor, **vars(typing)}
    names["__name__"] = f"scriptkit.method.{method.name}"
    exec(compile(text, path, "exec", dont_inherit=True), names)  # noqa: S102  # our own text
    module: nn.Module = names["Method"]()
    module.add_module("model", model.module)
    return making.scripted(module.train(model.module.training))


def _declared(parameter: interface.ParameterSchema) -> str:
    default = f" = {parameter.default!r}" if parameter.has_default else ""
    return f"{parameter.name}: {parameter.type}{default}"
