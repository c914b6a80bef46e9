"""Why a call failed: the arguments that are not what the manifest says.

Looked at after the failure only, so that good calls cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from scriptkit.artifact.manifest import Method, Parameter, TensorExample
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class InputError(ArtifactError, RuntimeError):
    """A loaded model was called with arguments it does not take.

    `refuses_call` is true where they were refused before anything ran.
    """

    refuses_call = False


def input_error(
    method: Method, arguments: Sequence[object], keywords: Mapping[str, object], cause: Exception
) -> InputError | None:
    """The error that names every argument that is not as expected, or None when all are."""
    problems = list(_problems(method, arguments, keywords))
    if not problems:
        return None
    said = str(cause).strip().splitlines()
    listed = "".join(f"\n  {problem}" for problem in problems)
    headline = f"`{method.name}` was called with arguments it does not take:"
    return InputError(f"{headline}{listed}\nthe model said: {said[-1] if said else type(cause).__name__}")


def _problems(method: Method, arguments: Sequence[object], keywords: Mapping[str, object]) -> Iterator[str]:
    names = [parameter.name for parameter in method.parameters]
    if len(arguments) > len(names):
        yield f"expected at most {len(names)} arguments ({', '.join(names)}), got {len(arguments)}"
    given = dict(zip(names, arguments, strict=False))
    for name, value in keywords.items():
        if name in given:
            yield f"`{name}`: given twice"
        elif name not in names:
            yield f"`{name}`: no such parameter, expected {', '.join(names) or 'none'}"
        else:
            given[name] = value
    for parameter in method.parameters:
        if parameter.name in given:
            yield from _problem(parameter, given[parameter.name])
        elif parameter.default is None:
            yield f"`{parameter.name}`: expected {_expected(parameter)}, got nothing"


def _problem(parameter: Parameter, value: object) -> Iterator[str]:
    fits = files.is_of_type(value, parameter.type) and _fits_example(parameter, value)
    if not fits:
        yield f"`{parameter.name}`: expected {_expected(parameter)}, got {_shown(value)}"


def _fits_example(parameter: Parameter, value: object) -> bool:
    """Whether a tensor has the type, the rank and the fixed dimensions of the example."""
    example = parameter.example
    if not isinstance(example, TensorExample) or not isinstance(value, torch.Tensor):
        return True
    return (
        _dtype(value) == example.dtype
        and value.dim() == len(example.shape)
        and value.device.type == torch.device(example.device).type
        and all(value.shape[place] == example.shape[place] for place in example.fixed_dimensions)
    )


def _dtype(tensor: torch.Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _expected(parameter: Parameter) -> str:
    example = parameter.example
    if not isinstance(example, TensorExample):
        return parameter.type
    fixed = set(example.fixed_dimensions)
    sizes = ", ".join(str(size) if place in fixed else "?" for place, size in enumerate(example.shape))
    return f"{parameter.type} {example.dtype}[{sizes}] on {example.device} (for example {example.shape})"


def _shown(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return f"Tensor {_dtype(value)}{list(value.shape)} on {value.device}"
    return (
        f"{type(value).__name__} {str(value)[:40]!r}" if isinstance(value, (int, float, str)) else type(value).__name__
    )
