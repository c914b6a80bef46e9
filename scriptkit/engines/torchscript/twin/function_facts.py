"""What is known of a compiled function before it is called: what it would not do to its arguments as Python does."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from scriptkit.engines.torchscript.programs.graph_facts import argument_changed_in_place
from scriptkit.engines.torchscript.twin.float_parameters import FloatParameter, float_parameters, int_given

if TYPE_CHECKING:
    import types


class FunctionFacts(NamedTuple):
    """Of one compiled form; a function that is compiled again has others."""

    form: Any
    changed: str | None
    floats: tuple[FloatParameter, ...]


_known: Final[weakref.WeakKeyDictionary[types.FunctionType, FunctionFacts]] = weakref.WeakKeyDictionary()


def why_as_python(form: Any, function: types.FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """Why a call of a compiled function must run as Python."""
    facts = _known.get(function)
    if facts is None or facts.form is not form:
        changed = argument_changed_in_place(form.inlined_graph)
        facts = _known[function] = FunctionFacts(form, changed, float_parameters(form, function))
    if facts.changed is not None:
        return f"it changes its argument `{facts.changed}` in place, and compiled code gets a copy of it"
    return int_given(facts.floats, args, kwargs) if facts.floats else None
