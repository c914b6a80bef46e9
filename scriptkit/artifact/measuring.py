"""The verification record of a file: how far its results, and those of the compiled module, are from eager's."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, NamedTuple

import torch

from scriptkit import switches
from scriptkit.artifact.composing import compose
from scriptkit.artifact.container import Container
from scriptkit.artifact.description import ExampleCall, MethodDifference, VerificationRecord
from scriptkit.artifact.entry_names import CONSTANTS, OBJECTS
from scriptkit.artifact.pickles import read_pickle
from scriptkit.artifact.sealed import Region, SealedArchive, pickles_for_torch
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError, VerificationError
from scriptkit.live import programs
from scriptkit.live.comparison import Tolerance, compare
from scriptkit.live.copies import asks_for_gradients, detached, random_states_kept
from scriptkit.live.lives import life_of
from scriptkit.live.nested import flatten, restored
from scriptkit.live.undoing import nothing_left

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scriptkit.artifact.contents import CanonicalModel

_SEED = 0
_CALLS = 3
"""torch rewrites a loaded program after its first calls, by what it saw in them; the file is called as often."""


class Measurement(NamedTuple):
    """How far the forms of a model are from each other, and what its methods returned."""

    record: VerificationRecord | None
    results: dict[str, object]


def measured(
    module: torch.nn.Module,
    compiled: torch.jit.ScriptModule,
    model: CanonicalModel,
    examples: Mapping[str, ExampleCall],
    tolerance: Tolerance | None = None,
) -> Measurement:
    """Run each example eagerly, compiled, and from the bytes that will be written; nothing where there are no examples.

    The module's own state is left alone. Raises VerificationError where a result differs by more than rounding, or
    than the tolerance.
    """
    if not examples:
        return Measurement(None, {})
    forms = {
        "compiled": life_of(compiled),
        "reloaded": _reloaded(model),
    }
    with nothing_left(module):
        return _compared(module, forms, examples, tolerance)


def _compared(
    module: torch.nn.Module,
    forms: dict[str, torch.jit.ScriptModule],
    examples: Mapping[str, ExampleCall],
    tolerance: Tolerance | None,
) -> Measurement:
    reference = forms.pop("compiled") if programs.is_script_module(module) else life_of(module)
    results: dict[str, object] = {}
    largest = {name: dict.fromkeys(forms, 0.0) for name in examples}
    for _ in range(_CALLS):
        for name, call in examples.items():
            result = _result(reference, name, call)
            for form, made in forms.items():
                difference = _difference(name, form, result, _result(made, name, call), tolerance)
                largest[name][form] = max(largest[name][form], difference)
            results.setdefault(name, result)
    rows = [MethodDifference(name, **differences) for name, differences in largest.items()]
    return Measurement(VerificationRecord(_SEED, rows), results)


def _reloaded(model: CanonicalModel) -> torch.jit.ScriptModule:
    """The module torch makes of the bytes that will be written."""
    with tempfile.TemporaryFile() as file:
        compose(model, file, lambda _checksums: b"{}")
        container = Container(file)
        small = {name: container.read(name) for name in model.small()}
        trees = {name: read_pickle(name, small[name]) for name in (OBJECTS, CONSTANTS)}
        regions = {
            name: Region(file, entry.start, entry.size, entry.crc)
            for name, entry in container.entries.items()
            if name.startswith(("data/", "constants/"))
        }
        named = {name: data for name, data in small.items() if name not in regions}
        with SealedArchive(named | pickles_for_torch(trees), regions) as archive:
            return files.load_archive(archive, None).module


def _result(module: torch.nn.Module, name: str, call: ExampleCall) -> object:
    """What a method returns, eagerly for a Python module, with the same random numbers each time."""
    if not hasattr(module, name):
        message = f"the example inputs name a method `{name}`, which the model does not have"
        raise ArtifactError(f"{message}; a dictionary that is an argument of `forward` stands in a tuple: `({{...}},)`")
    try:
        try:
            return _called(module, name, call, with_gradients=False)
        except RuntimeError as error:
            if not asks_for_gradients(error):
                raise
        return _called(life_of(module), name, call, with_gradients=True)
    except Exception as error:
        raise ArtifactError(f"`{name}` does not take its example inputs: {error}") from error


def _called(module: torch.nn.Module, name: str, call: ExampleCall, *, with_gradients: bool) -> object:
    # hooks run round a call of the module, not of its `forward`
    method = module if name == "forward" else getattr(module, name)
    arguments, keywords = detached((tuple(call.arguments), dict(call.keywords)))
    with random_states_kept(_SEED), torch.set_grad_enabled(with_gradients), switches.eager():
        result: object = method(*arguments, **keywords)
    return result


def _difference(name: str, form: str, expected: object, in_file: object, tolerance: Tolerance | None) -> float:
    found = _in_types_of(expected, in_file)
    wrong = compare(expected, found, tolerance)
    if wrong:
        listed = "; ".join(f"{one.path}: {one.what}" for one in wrong)
        raise VerificationError(f"`{name}` {form} differs from eager on the example inputs: {listed}", wrong)
    exactly = compare(expected, found, Tolerance(0.0, 0.0))
    return max((one.largest for one in exactly), default=0.0)


def _in_types_of(expected: object, found: object) -> object:
    """A file gives tuples and dictionaries where eager code gives dataclasses and mappings of its own."""
    try:
        return restored(flatten(expected)[1], found)
    except (KeyError, TypeError, ValueError, IndexError):
        return found
