"""What a module is called with where a door has to call it: what was given, declared, or told by its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from scriptkit.arguments import positional
from scriptkit.artifact.examples import made_again
from scriptkit.artifact.exported_loaded import LoadedProgram
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.compiling.plan.declared_inputs import declared_call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scriptkit.live.side_by_side import Given

_SEED = 0


def example_call(
    m: object, example_inputs: Sequence[Any] | None, example_kwargs: Mapping[str, Any] | None, door: str
) -> Given:
    """The positional and keyword arguments of one call; raises ValueError, in the words of the `door`, for none."""
    if example_inputs is not None or example_kwargs:
        return positional(example_inputs if example_inputs is not None else ()), dict(example_kwargs or {})
    found = _declared(m)
    if found is None:
        name = type(m).__name__
        raise ValueError(
            f"`{door}` calls the module, and nothing says with what: pass `example_inputs`, a tuple of arguments of "
            f"`{name}.forward`, or give the class a method `example_inputs`"
        )
    return found


def _declared(m: object) -> Given | None:
    if isinstance(m, LoadedModule):
        return None if isinstance(m, LoadedProgram) else _recorded(m)
    return declared_call(m) if isinstance(m, torch.nn.Module) else None


def _recorded(model: LoadedModule) -> Given | None:
    """Arguments like those that the file was saved with."""
    method = next((one for one in model.manifest.methods if one.name == "forward"), None)
    if method is None:
        return None
    needed = [one for one in method.parameters if one.default is None]
    if any(one.example is None for one in needed):
        return None
    generator = torch.Generator().manual_seed(_SEED)
    given = {one.name: made_again(one.example, generator) for one in method.parameters if one.example is not None}
    return (), given
