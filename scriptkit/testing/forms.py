"""A module in each of its forms, and what they return for the same arguments."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from scriptkit import switches
from scriptkit.artifact.reading import load
from scriptkit.artifact.saving import save
from scriptkit.authoring.module import ScriptableModule
from scriptkit.errors import ScriptkitWarning
from scriptkit.live.copies import buffers_restored
from scriptkit.live.lives import life_of
from scriptkit.live.nested import flatten
from scriptkit.live.restoring import restored
from scriptkit.live.side_by_side import run
from scriptkit.live.undoing import nothing_left
from scriptkit.live.variations import Example, sizes
from scriptkit.runtime.compiled import CompiledModule, called_as_scripted, is_scripted, source_of
from scriptkit.runtime.compiled import compile as compile_module
from scriptkit.testing.exported_form import ExportedForm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from scriptkit.testing.names import FormName

Given = tuple[tuple[Any, ...], dict[str, Any]]
SEED = 1


class Refusal(Exception):  # noqa: N818 - the outcome of a call, kept and compared as results are
    """What a form raised instead of returning something."""

    @classmethod
    def of(cls, error: Exception) -> Refusal:
        """The type of an error and the line that says most."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return cls(f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__)


def compiled(module: nn.Module, given: Given | None) -> nn.Module:
    """The module itself if it runs compiled, else what `scriptkit.compile` makes of it."""
    if isinstance(module, (ScriptableModule, CompiledModule)):
        return module
    return compile_module(module) if given is None else compile_module(module, given[0], example_kwargs=given[1])


def in_form(module: nn.Module, form: FormName, given: Given | None = None) -> Any:
    """The module in one form, ready to be called."""
    if form == "eager":
        return module
    if form == "exported":
        return ExportedForm(_inner(module), given)
    made = compiled(module, given)
    return made if form == "compiled" else reloaded(made)


def reloaded(module: nn.Module) -> Any:
    """What comes back from the file a module is saved to."""
    file = io.BytesIO()
    with warnings.catch_warnings():  # a test may well save a module in training mode
        warnings.simplefilter("ignore", ScriptkitWarning)
        save(module, file)
    file.seek(0)
    return load(file)


@dataclass(frozen=True)
class Results:
    """What was expected and from whom, and what each form answered instead: a result, or a `Refusal`."""

    source: str
    expected: Any
    found: dict[FormName, Any]


def results(module: nn.Module, given: Given, reference: nn.Module | None = None) -> Results:
    """Call every form; eager code says what is expected, unless there is a reference."""
    with switches.eager():
        eager = outcome(_inner(module), given)
        expected = eager if reference is None else outcome(_inner(reference), given)
    found: dict[FormName, Any] = {} if reference is None else {"eager": eager}
    found["compiled"] = outcome(module, given)
    found["loaded"] = _loaded_outcome(module, given, expected)
    return Results("eager" if reference is None else "the reference", expected, found)


def _loaded_outcome(module: nn.Module, given: Given, expected: Any) -> Any:
    found = outcome(reloaded(module), given)
    if isinstance(module, CompiledModule) and not isinstance(found, Refusal):
        try:
            return restored(flatten(expected)[1], found)
        except (ValueError, TypeError, KeyError):
            return found
    return found


def outcome(module: Any, given: Given) -> Any:
    """What a call returns, or its `Refusal`; module, arguments and random numbers stay what they were."""
    modules = [module] if isinstance(module, torch.nn.Module) else []
    tensors = [tensor for one in modules for tensor in (*one.parameters(), *one.buffers())]
    with nothing_left(*modules, given=given), buffers_restored(tensors if isinstance(module, CompiledModule) else ()):
        made = run(_life(module), given, seed=SEED)
    return made.result if made.error is None else Refusal.of(made.error)


def _life(module: Any) -> Any:
    """What is called in the place of a form; traces and lowered programs have none, their tensors are put back."""
    if isinstance(module, CompiledModule):
        return called_as_scripted(life_of(source_of(module))) if is_scripted(module) else module
    return life_of(module) if isinstance(module, torch.nn.Module) else module


def _inner(module: nn.Module) -> nn.Module:
    return source_of(module)


def refusals_missed(module: nn.Module, given: Given, wrong_inputs: Sequence[Sequence[Any]]) -> Iterator[str]:
    """A line for each wrong call that some form accepts."""
    loaded = reloaded(module)
    for name, wrong, is_promised in _wrong_calls(given, wrong_inputs):
        with switches.eager():
            expected = outcome(_inner(module), wrong)
        if not isinstance(expected, Refusal):
            if is_promised:
                yield f"  {name}: accepted, returns {_shape(expected)}"
            continue
        for form, made in (("compiled", module), ("loaded", loaded)):
            found = outcome(made, wrong)
            if not isinstance(found, Refusal):
                yield f"  {name}: eager code raises {expected}; the {form} form accepts it, returns {_shape(found)}"


def _wrong_calls(given: Given, wrong_inputs: Sequence[Sequence[Any]]) -> Iterator[tuple[str, Given, bool]]:
    for number, arguments in enumerate(wrong_inputs):
        yield f"wrong_inputs[{number}]", (tuple(arguments), given[1]), True
    for change in sizes(Example.of(*given)):
        yield change.name, (change.args, change.kwargs), False


def _shape(result: Any) -> str:
    """A few words for what was returned."""
    if isinstance(result, torch.Tensor):
        return f"a Tensor{list(result.shape)}"
    return f"a {type(result).__name__}"
