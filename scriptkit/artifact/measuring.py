"""The verification record of a file: how far its results, and those of the compiled module, are from eager's."""

from __future__ import annotations

import tempfile
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from scriptkit import switches
from scriptkit.artifact.composing import compose
from scriptkit.artifact.container import Container
from scriptkit.artifact.description import ExampleCall, MethodDifference, VerificationRecord
from scriptkit.artifact.entry_names import CONSTANTS, OBJECTS
from scriptkit.artifact.pickles import read_pickle
from scriptkit.artifact.sealed import Region, SealedArchive, pickles_for_torch
from scriptkit.compiling.boundary.argument_types import as_parameters
from scriptkit.engines.torchscript.engine import files
from scriptkit.errors import ArtifactError, OtherCallError, VerificationError
from scriptkit.live import programs
from scriptkit.live.comparison import Tolerance, compare
from scriptkit.live.copies import asks_for_gradients, detached
from scriptkit.live.held_state import Places
from scriptkit.live.lives import life_of
from scriptkit.live.places import is_project_code
from scriptkit.live.side_by_side import PARTS, run
from scriptkit.live.undoing import nothing_left
from scriptkit.live.unreached import Reached

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from scriptkit.artifact.contents import CanonicalModel
    from scriptkit.live.side_by_side import Run

_SEED = 0
_CALLS = 3
"""torch rewrites a loaded program after its first calls, by what it saw in them; the file is called as often."""
_MOST_AMONG_THREADS = 16
"""Other threads draw random numbers from the same generators: a difference counts that is found twice as it was."""


class Measurement(NamedTuple):
    """How far the forms of a model are from each other, and what its methods returned."""

    record: VerificationRecord | None
    results: dict[str, object]


_NOT_RESIZABLE = "storage that is not resizable"
"""What torch says of a tensor that was read from a file."""


def measured(
    module: torch.nn.Module,
    compiled: torch.jit.ScriptModule,
    model: CanonicalModel,
    examples: Mapping[str, ExampleCall],
    tolerance: Tolerance | None = None,
    *,
    is_scripted: bool = False,
) -> Measurement:
    """Run each example eagerly, compiled, and from the bytes that will be written; nothing where there are no examples.

    The module's own state is left alone. What the calls leave behind is compared, too: parameters, buffers, arguments,
    and where the module is scripted as a whole its attributes. Raises VerificationError where anything differs by more
    than rounding, or than the tolerance.
    """
    if not examples:
        return Measurement(None, {})
    told = ""
    for _ in range(_MOST_AMONG_THREADS):
        try:
            return _measured(module, compiled, model, examples, tolerance, is_scripted=is_scripted)
        except VerificationError as error:
            if threading.active_count() == 1 or (str(error) == told and not _is_of_the_generator(error)):
                raise
            told = str(error)
    return _measured(module, compiled, model, examples, tolerance, is_scripted=is_scripted)


def _is_of_the_generator(error: VerificationError) -> bool:
    """Whether nothing differs but the random numbers drawn, which other threads draw as well, and as many each time."""
    found = error.report if isinstance(error.report, list) else []
    return bool(found) and all(one.path.startswith(PARTS["generator"]) for one in found)


def _measured(
    module: torch.nn.Module,
    compiled: torch.jit.ScriptModule,
    model: CanonicalModel,
    examples: Mapping[str, ExampleCall],
    tolerance: Tolerance | None,
    *,
    is_scripted: bool,
) -> Measurement:
    places = Places(compiled, module, attributes=is_scripted)
    forms = {"compiled": life_of(compiled), "reloaded": _reloaded(model)}
    with nothing_left(module, given=[(one.arguments, dict(one.keywords)) for one in examples.values()]):
        reference = forms.pop("compiled") if programs.is_script_module(module) else life_of(module)
        reached = Reached(module, [*examples])
        return _compared(reference, forms, examples, places, tolerance, reached)


def _compared(
    reference: torch.nn.Module,
    forms: dict[str, torch.jit.ScriptModule],
    examples: Mapping[str, ExampleCall],
    places: Places,
    tolerance: Tolerance | None,
    reached: Reached,
) -> Measurement:
    results: dict[str, object] = {}
    largest = {name: dict.fromkeys(forms, 0.0) for name in examples}
    for _ in range(_CALLS):
        for name, call in examples.items():
            with reached.watching():
                expected = _run(reference, name, call, places)
            for form, made in forms.items():
                found = _run(made, name, _for_program(call, name, made, reference), places, form)
                difference = _difference(name, form, expected, found, tolerance)
                largest[name][form] = max(largest[name][form], difference)
            results.setdefault(name, expected.result)
    rows = [MethodDifference(name, **differences) for name, differences in largest.items()]
    return Measurement(VerificationRecord(_SEED, rows, reached.unreached()), results)


def _for_program(
    call: ExampleCall, name: str, program: torch.jit.ScriptModule, reference: torch.nn.Module
) -> ExampleCall:
    """The call as a program takes it: arguments that have no type come as their tensors."""
    schema = next((one for one in files.method_schemas(program) if one.name == name == "forward"), None)
    keywords = dict(call.keywords)
    if schema is None or programs.is_script_module(reference) or files.takes(schema, call.arguments, keywords):
        return call
    args, keywords = as_parameters(type(reference).forward.__get__(reference), call.arguments, keywords)
    return ExampleCall(args, keywords) if files.takes(schema, args, keywords) else call


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


def _run(module: torch.nn.Module, name: str, call: ExampleCall, places: Places, form: str = "") -> Run:
    """A call of a method, eagerly for a Python module, with the same random numbers each time; a form has a name."""
    if not hasattr(module, name):
        message = f"the example inputs name a method `{name}`, which the model does not have"
        raise ArtifactError(f"{message}; a dictionary that is an argument of `forward` stands in a tuple: `({{...}},)`")
    made = _called(module, name, call, places)
    if made.error is not None and asks_for_gradients(made.error):
        made = _called(life_of(module), name, call, places, grad=True)
    if made.error is not None and _NOT_RESIZABLE in str(made.error):
        raise ArtifactError(
            f"no file can hold `{name}` with a tensor of this size: its code resizes the tensor, and what comes from a "
            f"file keeps its size. Call the module before it is saved, so that the tensor has its size.\n{made.error}"
        ) from made.error
    if made.error is not None:
        told = f"`{name}` raises as it is {form}, and not in Python: {made.error}" if form else _told(name, made.error)
        raise ArtifactError(told) from made.error
    return made


def _told(name: str, error: Exception) -> str:
    """A method that refuses the inputs, or its code that raises: that is told with its line."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if is_project_code(frame.filename)]
    if not inside or isinstance(error, OtherCallError):
        return f"`{name}` does not take its example inputs: {error}"
    where = f"{Path(inside[-1].filename).name}:{inside[-1].lineno}"
    return f"`{name}` raises {type(error).__name__} on its example inputs, at {where}: {error}"


def _called(module: torch.nn.Module, name: str, call: ExampleCall, places: Places, *, grad: bool = False) -> Run:
    # hooks run round a call of the module, not of its `forward`
    method = module if name == "forward" else _method_of(module, name)
    given = detached((tuple(call.arguments), dict(call.keywords)))
    with switches.eager():
        return run(method, given, state=lambda: places.held_by(module), grad=grad, seed=_SEED)


def _method_of(module: torch.nn.Module, name: str) -> Any:
    """A method by its name, also where torch's own class of programs has something of that name (`save`, `double`)."""
    return files.bound_method(module, name) if programs.is_script_module(module) else getattr(module, name)


def _difference(name: str, form: str, expected: Run, found: Run, tolerance: Tolerance | None) -> float:
    found = found.in_types_of(expected)
    wrong = list(expected.differences(found, tolerance, ("result", "state", "generator")))
    wrong += compare(expected.arguments[0], found.arguments[0], tolerance, PARTS["arguments"])
    if wrong:
        listed = "; ".join(f"{one.path}: {one.what}" for one in wrong)
        raise VerificationError(f"`{name}` {form} differs from eager on the example inputs: {listed}", wrong)
    exactly = compare(expected.result, found.result, Tolerance(0.0, 0.0))
    return max((one.largest for one in exactly), default=0.0)
