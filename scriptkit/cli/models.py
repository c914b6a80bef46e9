"""What the command line says of a model: where its class is, what it is made with, what it is called with."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scriptkit.checking.nearness import near_path
from scriptkit.cli.paths import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    import torch

Inputs = tuple[tuple[Any, ...], dict[str, Any]]
DTYPES = "float32 float64 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64 complex128".split()
SPEC = re.compile(r"(?:(?P<dtype>[a-z]+\d*):)?(?P<shape>\d+(?:x\d+)*|scalar)(?:<(?P<end>\d+))?")
INTEGERS_BELOW = 10
INPUTS_HELP = (
    "What to call it with, separated by `;`: a shape (`2x3x64x64`), a dtype and a shape (`int64:2x7<100` for numbers "
    "below 100), a Python literal (`0.5`), `name=` before any of them, or a file that torch.save wrote."
)


def make_model(where: str, arguments: str | None, weights: Path | None) -> torch.nn.Module:
    """The model `MODULE:CLASS` made with JSON arguments; raises `click.UsageError` for anything that is none."""
    import torch

    made = _called(_found(where), where, arguments)
    if not isinstance(made, torch.nn.Module):
        raise click.UsageError(f"`{where}` makes a {type(made).__name__}, not an nn.Module")
    if weights is not None:
        _load_weights(made, weights)
    return made


def _found(where: str) -> Any:
    name, separator, attribute = where.rpartition(":")
    if not separator or not name or not attribute:
        raise click.UsageError(f"`{where}` is not MODULE:CLASS, such as `package.models:Net` or `model.py:Net`")
    found: Any = _imported(name)
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise click.UsageError(f"`{name}` has no `{attribute}`{nearest(part, dir(found))}")
        found = getattr(found, part)
    if not callable(found):
        raise click.UsageError(f"`{where}` is a {type(found).__name__}, not a class or function that makes a model")
    return found


def _imported(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return _from_file(Path(name)) if name.endswith(".py") else importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise click.UsageError(f"cannot import `{name}`: {error}") from error
    except (SyntaxError, ImportError) as error:
        raise click.UsageError(f"cannot import `{name}`: {type(error).__name__}: {error}") from error
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(Path.cwd()))


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        near = near_path(str(path))
        raise click.UsageError(f"there is no file `{path}`{f'; near it: `{near}`' if near else ''}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None  # noqa: S101 - a path that ends in .py has one
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _called(make: Any, where: str, arguments: str | None) -> Any:
    try:
        given = json.loads(arguments) if arguments else []
    except ValueError as error:
        raise click.UsageError(f"`--args` is no JSON: {error}") from error
    if not isinstance(given, (list, dict)):
        raise click.UsageError("`--args` is a JSON list of arguments, or an object of named ones")
    try:
        return make(**given) if isinstance(given, dict) else make(*given)
    except TypeError as error:
        raise click.UsageError(f"`{where}` does not take these arguments: {error}") from error


def _load_weights(model: torch.nn.Module, path: Path) -> None:
    import torch

    try:
        model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:
        raise click.UsageError(f"`{path}` does not hold the weights of this model: {_first_line(error)}") from error


def read_inputs(text: str | None, seed: int = 0) -> Inputs | None:
    """The arguments a specification describes, random ones from a seed; raises `click.UsageError`."""
    import torch

    if text is None:
        return None
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    generator = torch.Generator().manual_seed(seed)
    for part in filter(None, map(str.strip, text.split(";"))):
        name, separator, rest = part.partition("=")
        if separator and name.strip().isidentifier():
            kwargs[name.strip()] = _value(rest.strip(), generator)
        elif part.endswith((".pt", ".pth")):
            args += _from_saved(Path(part))
        else:
            args.append(_value(part, generator))
    return tuple(args), kwargs


def _value(text: str, generator: torch.Generator) -> Any:
    spec = SPEC.fullmatch(text)
    is_number = spec is not None and spec["dtype"] is None and "x" not in text and spec["shape"] != "scalar"
    if spec is None or is_number:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            raise click.UsageError(f"`{text}` is no input: {INPUTS_HELP}") from None
    return _tensor(spec["dtype"] or "float32", spec["shape"], spec["end"], generator)


def _tensor(name: str, shape: str, end: str | None, generator: torch.Generator) -> torch.Tensor:
    import torch

    if name not in DTYPES:
        raise click.UsageError(f"`{name}` is no dtype; there are {', '.join(DTYPES)}")
    dtype: torch.dtype = getattr(torch, name)
    sizes = [] if shape == "scalar" else [int(size) for size in shape.split("x")]
    if dtype.is_floating_point or dtype.is_complex:
        wide = torch.complex64 if dtype.is_complex else torch.float32
        return torch.randn(sizes, generator=generator, dtype=wide).to(dtype)
    below = 2 if dtype == torch.bool else int(end or INTEGERS_BELOW)
    return torch.randint(0, below, sizes, generator=generator).to(dtype)


def _from_saved(path: Path) -> Iterator[Any]:
    import torch

    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise click.UsageError(f"`{path}` cannot be read: {_first_line(error)}") from error
    yield from held if isinstance(held, (tuple, list)) else (held,)


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
