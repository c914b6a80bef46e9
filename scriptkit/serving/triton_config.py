"""`config.pbtxt` for Triton's PyTorch backend: names, dtypes and dimensions of one method, from the manifest.

Triton's rules: the README of `triton-inference-server/pytorch_backend`, and `model_configuration.md` of its server.
A tensor is called `NAME__INDEX`, where the index is the place of the argument or of the result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scriptkit.artifact.manifest import SequenceExample, TensorExample, ValueExample
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scriptkit.artifact.manifest import Example, Method, Parameter

DTYPES: Final = {
    "bool": "TYPE_BOOL",
    "uint8": "TYPE_UINT8",
    "int8": "TYPE_INT8",
    "int16": "TYPE_INT16",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "float16": "TYPE_FP16",
    "bfloat16": "TYPE_BF16",
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
}


class TritonError(ArtifactError):
    """Triton cannot hold a method: the text says what, and why."""


@dataclass(frozen=True)
class Port:
    """One input or output: -1 for a dimension that may differ."""

    name: str
    dtype: str
    dims: tuple[int, ...]

    def text(self, *, without_batch: bool) -> str:
        """The entry of the configuration; Triton adds the batch dimension by itself where it batches."""
        dims = ", ".join(map(str, self.dims[1:] if without_batch else self.dims))
        return f'  {{\n    name: "{self.name}"\n    data_type: {self.dtype}\n    dims: [ {dims} ]\n  }}'


@dataclass(frozen=True)
class Ports:
    """What one method takes and gives, in Triton's words."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def ports_of(method: Method) -> Ports:
    """The inputs and outputs of a method; raises `TritonError` for what the backend does not pass on."""
    inputs = tuple(_inputs(method))
    if not inputs:
        raise TritonError(f"`{method.name}` takes no tensor, and Triton sends nothing else")
    return Ports(inputs, tuple(_outputs(method)))


def _inputs(method: Method) -> Iterator[Port]:
    left_out = ""
    for index, parameter in enumerate(method.parameters):
        if parameter.default is not None and not isinstance(parameter.example, TensorExample):
            left_out = left_out or parameter.name  # it keeps its default: the backend passes no argument by name
            continue
        if parameter.keyword_only or left_out:
            why = "is given by name" if parameter.keyword_only else f"comes after `{left_out}`, which has a default"
            raise TritonError(f"`{parameter.name}` of `{method.name}` {why}, and Triton passes arguments by place")
        yield _port(
            f"{parameter.name}__{index}", parameter.example, f"`{parameter.name}` of `{method.name}`", parameter
        )


def _outputs(method: Method) -> Iterator[Port]:
    result, what = method.result, f"the result of `{method.name}`"
    if isinstance(result, SequenceExample) and method.returns != "List[str]":
        if not result.items:
            raise TritonError(f"{what} was empty for the example inputs")
        if result.kind == "list":
            raise TritonError(f"{what} is a list, whose length no configuration can say; return a tuple")
        for index, item in enumerate(result.items):
            yield _port(f"OUTPUT__{index}", item, f"item {index} of {what}", None)
    else:
        yield _port("OUTPUT__0", result, what, None)


def _port(name: str, example: Example | None, what: str, parameter: Parameter | None) -> Port:
    if example is None:
        raise TritonError(f"the manifest has no example of {what}: save the model with `example_inputs` of this method")
    declared = parameter.type if parameter is not None else ""
    if declared == "List[str]" or (parameter is None and _is_of_strings(example)):
        return Port(name, "TYPE_STRING", (-1,))
    if not isinstance(example, TensorExample):
        kind = f"a `{declared}`" if declared else _spoken(example)
        raise TritonError(f"{what} is {kind}, and Triton passes tensors and lists of strings")
    if example.dtype not in DTYPES:
        raise TritonError(f"{what} is a tensor of {example.dtype}, which Triton has no type for")
    fixed = set(example.fixed_dimensions)
    dims = tuple(size if number in fixed else -1 for number, size in enumerate(example.shape))
    return Port(name, DTYPES[example.dtype], dims or (1,))


def _is_of_strings(example: Example) -> bool:
    items = example.items if isinstance(example, SequenceExample) and example.kind == "list" else []
    return bool(items) and all(isinstance(item, ValueExample) and item.literal[:1] in "'\"" for item in items)


def _spoken(example: Example) -> str:
    return {"dict": "a dictionary", "list": "a list", "tuple": "a tuple in another one"}.get(example.kind, "no tensor")


def config_text(name: str, ports: Ports, *, max_batch_size: int, notes: Sequence[str] = ()) -> str:
    """The configuration of one model; `max_batch_size` 0: every request is a call of its own."""
    lines = [
        *(f"# {note}" for note in notes),
        f'name: "{name}"',
        'backend: "pytorch"',
        'default_model_filename: "model.pt"',
        f"max_batch_size: {max_batch_size}",
        _listed("input", ports.inputs, max_batch_size),
        _listed("output", ports.outputs, max_batch_size),
        'parameters { key: "INFERENCE_MODE" value { string_value: "true" } }',
    ]
    if max_batch_size:
        lines.append("dynamic_batching { }")
    return "\n".join(lines) + "\n"


def _listed(kind: str, ports: Sequence[Port], max_batch_size: int) -> str:
    entries = ",\n".join(port.text(without_batch=max_batch_size > 0) for port in ports)
    return f"{kind} [\n{entries}\n]"


def model_name(text: str) -> str:
    """A name for a folder of a model repository."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_") or "model"
