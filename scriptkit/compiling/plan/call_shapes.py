"""A part that is called in several ways: with a mask and without, with one flag and with another.

A form is made for one way of calling. Here each way that was seen gets a form of its own, and one module in front of
them picks by what is given:

    def forward(self, x: Tensor, mask: Optional[Tensor] = None):
        if mask is None:
            return self.call_0(x=x)
        if mask is not None:
            return self.call_1(x=x, mask=mask)
        raise ...
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.boundary.argument_types import arguments
from scriptkit.compiling.boundary.signature import refusal
from scriptkit.compiling.plan.written_modules import executed
from scriptkit.engines.torchscript.engine import files
from scriptkit.engines.torchscript.engine.making import scripted
from scriptkit.errors import CompilationError
from scriptkit.live.nested import Constant, differences, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import torch
    from torch import nn

    from scriptkit.live.nested import Structure
    from scriptkit.live.recorded_calls import Call

_PLAIN = (bool, int, float, str)


@dataclass(frozen=True)
class Shape:
    """What one way of calling gives, by the names of the parameters; what is left to a default of `None` is not in."""

    given: dict[str, Structure]

    @classmethod
    def of(cls, forward: Callable[..., Any], call: Call) -> Shape | None:
        """None where arguments have no names of their own (`*args`)."""
        signature = inspect.signature(forward)
        try:
            bound = dict(signature.bind(*call.args, **call.kwargs).arguments)
        except TypeError:
            return None
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                bound.update(bound.pop(parameter.name, {}))
            elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY) and parameter.name in bound:
                return None
        return cls({name: flatten(value)[1] for name, value in bound.items() if value is not None})

    @classmethod
    def of_structure(cls, inputs: Structure, forward: Callable[..., Any]) -> Shape:
        """That of the call a program was lowered for."""
        given = dict(arguments(inputs, forward))
        return cls({name: found for name, found in given.items() if found != Constant(None)})

    def is_like(self, other: Shape) -> bool:
        """Whether one form takes both."""
        mine, theirs = self.given, other.given
        return mine.keys() == theirs.keys() and all(
            next(differences(structure, theirs[name]), None) is None for name, structure in mine.items()
        )

    def told(self) -> str:
        """As the user would write it."""
        return f"({', '.join(f'{n}={s.value!r}' if isinstance(s, Constant) else n for n, s in self.given.items())})"


def grouped(forward: Callable[..., Any], calls: Iterable[Call]) -> list[tuple[Shape, list[Call]]]:
    """The calls by their shapes; one group, or none, where there is nothing to tell apart."""
    groups: list[tuple[Shape, list[Call]]] = []
    for call in calls:
        shape = Shape.of(forward, call)
        if shape is None:
            return []
        found = next((members for known, members in groups if known.is_like(shape)), None)
        if found is None:
            groups.append((shape, [call]))
        else:
            found.append(call)
    return groups


def picking(
    path: str,
    part: nn.Module,
    forms: Sequence[tuple[Shape, torch.jit.ScriptModule]],
    types: Mapping[str, str] | None = None,
) -> torch.jit.ScriptModule:
    """One module for all shapes; raises `CompilationError` where TorchScript has no type for that.

    `types` are those of arguments of which no shape has one.
    """
    try:
        text = _Text(path, part, forms, types or {}).text()
        module: nn.Module = executed(text, "calls", type(part).__name__)["Picking"]()
        for number, (_, form) in enumerate(forms):
            module.add_module(f"call_{number}", form)
        module.training = forms[0][
            1
        ].training  # `train()` would reach into the forms, whose parts have modes of their own
        return scripted(module)
    except Exception as error:  # torch raises errors of many types
        listed = " and ".join(shape.told() for shape, _ in forms)
        message = (
            f"`{path}` is called as {listed}, and no one compiled form takes both and gives one type; "
            f"hold a form for each: `scriptkit.compile({path}, example_inputs=...)`"
        )
        raise CompilationError(message) from error


class _Text:
    """The source of the module in front."""

    def __init__(
        self,
        path: str,
        part: nn.Module,
        forms: Sequence[tuple[Shape, torch.jit.ScriptModule]],
        unseen: Mapping[str, str],
    ) -> None:
        self.path, self.shapes, self.unseen = path, [shape for shape, _ in forms], unseen
        schemas = [next(one for one in files.method_schemas(form) if one.name == "forward") for _, form in forms]
        self.types = [{p.name: p.type for p in schema.parameters} for schema in schemas]
        self.required = [[p.name for p in schema.parameters if not p.has_default] for schema in schemas]
        self.parameters = inspect.signature(part.forward).parameters
        self.optional = {name for name, p in self.parameters.items() if p.default is None}
        known = [name for name, p in self.parameters.items() if p.kind is not p.VAR_KEYWORD]
        given = {name: None for shape in self.shapes for name in shape.given}
        self.names = [n for n in known if n in given or n in self.optional] + [n for n in given if n not in known]

    def text(self) -> str:
        """The class."""
        lines = [
            "class Picking(nn.Module):",
            f"    def forward({', '.join(['self', *map(self._declared, self.names)])}):",
        ]
        seen: set[str] = set()
        for number, shape in enumerate(self.shapes):
            none = [name for name in self.required[number] if name not in shape.given]
            arguments = ", ".join([*(f"{name}={name}" for name in shape.given), *(f"{name}=None" for name in none)])
            conditions = [condition for name in self.names if (condition := self._condition(name, shape))]
            test = " and ".join(conditions) or "True"
            if test in seen:
                raise TypeError("two ways of calling differ within a container")
            seen.add(test)
            lines += [f"        if {test}:", f"            return self.call_{number}({arguments})"]
        listed = " and ".join(shape.told() for shape in self.shapes)
        message = f"`{self.path}` was seen called as {listed} when it was compiled, and in no other way"
        return "\n".join([*lines, f"        {refusal(message)}", ""])

    def _declared(self, name: str) -> str:
        types = {types[name] for types, shape in zip(self.types, self.shapes, strict=True) if name in shape.given}
        kind = types.pop() if types else self.unseen.get(name, "Tensor")
        if types:
            raise TypeError(f"`{name}` has several types")
        if all(name in shape.given for shape in self.shapes) and name not in self.optional:
            return f"{name}: {kind}"
        default = self.parameters[name].default if name in self.parameters else None
        if default is None or default is inspect.Parameter.empty:
            return f"{name}: {kind if kind.startswith('Optional[') else f'Optional[{kind}]'} = None"
        return f"{name}: {kind} = {default!r}"

    def _condition(self, name: str, shape: Shape) -> str:
        """What holds of a parameter in calls of a shape, and may not in others."""
        if name not in shape.given:
            default = self.parameters[name].default if name in self.parameters else None
            return f"{name} is None" if default is None else self._equals(name, default)
        structure = shape.given[name]
        if isinstance(structure, Constant):
            varies = any(name not in one.given or one.given[name] != structure for one in self.shapes)
            return self._equals(name, structure.value) if varies else ""
        everywhere = all(name in one.given for one in self.shapes) and name not in self.optional
        return "" if everywhere else f"{name} is not None"

    def _equals(self, name: str, value: Any) -> str:
        if type(value) not in _PLAIN:
            raise TypeError(f"`{name}` is {value!r}")
        return f"{name} == {value!r}"
