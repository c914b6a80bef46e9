"""Which methods are exported, and with which arguments: given, seen while `forward` runs, or those it takes too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.arguments import positional
from scriptkit.compiling.exporting.exporter import Example
from scriptkit.compiling.exporting.running import Original
from scriptkit.engines.torchscript.engine.making import exported_methods
from scriptkit.errors import ExportError
from scriptkit.live.copies import detached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import nn

Methods = Any
"""None (`forward` and the exported methods), names, or arguments by name."""


class Calls:
    """The example calls of a module, and the methods left out for want of one."""

    def __init__(self, module: nn.Module, inputs: Any, kwargs: Mapping[str, Any] | None, methods: Methods) -> None:
        self.module = module
        self.given = dict(_given(inputs, kwargs, methods))
        self.names = self._names(methods)
        self.asked = methods is not None
        self.left_out: list[str] = []

    def _names(self, methods: Methods) -> list[str]:
        if methods is None:
            own = [name for name in exported_methods(type(self.module)) if name != "forward"]
            has_forward = type(self.module).forward is not _NO_FORWARD
            return [*(["forward"] if has_forward else []), *own, *(n for n in self.given if n not in {"forward", *own})]
        names = [methods] if isinstance(methods, str) else list(methods)
        for name in names:
            if not callable(getattr(self.module, name, None)):
                raise ExportError(f"{type(self.module).__name__} has no method `{name}`")
        return sorted(names, key=lambda name: name != "forward")

    def examples(self) -> list[Example]:
        """At least one call of each method that has any."""
        found = {name: list(calls) for name, calls in self.given.items() if name in self.names}
        if "forward" in self.names and "forward" not in found:
            found["forward"] = [self._forward()]
        missing = [name for name in self.names if name not in found]
        seen = self._seen(found, missing) if missing else {}
        for name in missing:
            call = seen.get(name) or self._taken(name, found)
            if call is not None:
                found[name] = [call]
            elif self.asked:
                raise ExportError(self._no_call(name))
            else:
                self.left_out.append(f"  {name}: left out, {self._no_call(name)}")
        return [call for name in self.names for call in found.get(name, ())]

    def _forward(self) -> Example:
        """What the class itself gives as example inputs, or nothing for a `forward` that takes nothing."""
        declared = getattr(self.module, "example_inputs", None)
        args = tuple(declared()) if callable(declared) else ()
        call = Example("forward", args, {})
        if self._fits(call):
            return call
        raise ExportError(
            f"{type(self.module).__name__} cannot be exported without example inputs: give `example_inputs=(x,)`"
        )

    def _seen(self, found: Mapping[str, list[Example]], missing: Sequence[str]) -> dict[str, Example]:
        """The calls of other methods that `forward` makes."""
        seen: dict[str, Example] = {}
        for call in found.get("forward", ())[:1]:
            original = Original(self.module, "forward")
            copy = original.copy()
            for name in missing:
                copy.__dict__[name] = _recording(getattr(copy, name), name, seen)
            original.run_on(copy, call.args, call.kwargs)
        return seen

    def _taken(self, name: str, found: Mapping[str, list[Example]]) -> Example | None:
        """No arguments, or those of `forward`, whichever the method takes."""
        others = [Example(name, call.args, call.kwargs) for call in found.get("forward", ())[:1]]
        return next((call for call in (Example(name, (), {}), *others) if self._fits(call)), None)

    def _fits(self, call: Example) -> bool:
        return Original(self.module, call.method).run(call.args, call.kwargs).error is None

    def _no_call(self, name: str) -> str:
        return f"no example inputs for `{name}` are known: give `methods={{'{name}': (x,)}}`"


_NO_FORWARD = __import__("torch").nn.Module.forward


def _recording(method: Callable[..., Any], name: str, seen: dict[str, Example]) -> Callable[..., Any]:
    def recording(*args: Any, **kwargs: Any) -> Any:
        kept_args, kept_kwargs = detached((args, kwargs))
        seen.setdefault(name, Example(name, kept_args, kept_kwargs))
        return method(*args, **kwargs)

    return recording


def _given(inputs: Any, kwargs: Mapping[str, Any] | None, methods: Methods) -> Iterator[tuple[str, list[Example]]]:
    """The calls that were given, by method."""
    keywords = dict(kwargs or {})
    by_method = dict(inputs) if isinstance(inputs, dict) else {}
    if not by_method and (inputs is not None or keywords):
        yield "forward", [Example("forward", args, keywords) for args in forms(inputs if inputs is not None else ())]
    for name, given in (by_method | (dict(methods) if isinstance(methods, dict) else {})).items():
        if given is not None:
            yield name, [Example(name, args, keywords if name == "forward" else {}) for args in forms(given)]


def forms(inputs: Any) -> list[tuple[Any, ...]]:
    """One call, or a list of tuples: a call of each form that is to be exported."""
    if isinstance(inputs, list) and inputs and all(type(item) is tuple for item in inputs):
        return list(inputs)
    return [positional(inputs)]
