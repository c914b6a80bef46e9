"""The code round parts that have forms, and forms of these parts that fit how it calls them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from scriptkit.compiling.chosen.bound_form import BoundForm
from scriptkit.compiling.chosen.bound_lowered import BoundLowered, bound_form
from scriptkit.compiling.chosen.bound_shapes import BoundShapes
from scriptkit.compiling.plan.call_shapes import Shape, picking
from scriptkit.compiling.plan.named_fields import with_named_fields
from scriptkit.engines.torchscript.engine.making import CompiledTree, compile_or_explain, parts_in, set_form
from scriptkit.errors import CompilationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import nn

    from scriptkit.engines.interface import Part

_OTHER_TYPE: Final = re.compile(r"for argument '(?P<name>\w+)' but instead found type '(?P<type>Optional\[[^']+\])'")


def compile_round_parts(root: nn.Module) -> CompiledTree:
    """Compile the code round the parts; where it does not fit their forms, forms that take and give more are tried."""
    try:
        return compile_or_explain(root)
    except CompilationError as first:
        parts = list(parts_in(root))
        types = dict(_OTHER_TYPE.findall(" ".join(f"{d.message} {d.note}" for d in first.diagnostics)))

        def optional(path: str, child: nn.Module, part: Part) -> Part:
            return with_optional_arguments(path, child, part, types)

        def both(path: str, child: nn.Module, part: Part) -> Part:
            return optional(path, child, with_fields(path, child, part))

        for adapted in (optional, with_fields, both):
            for path, child, part in parts:
                set_form(child, adapted(path, child, part))
            with suppress(CompilationError):
                return compile_or_explain(root)
        for _, child, part in parts:
            set_form(child, part)
        raise first from None


def with_optional_arguments(path: str, child: nn.Module, part: Part, types: Mapping[str, str]) -> Part:
    """A form that may be called with what the example left out or had: it raises where it was not made for that.

    `types` are those that the code has for arguments of which the example shows none, by name.
    """
    if not isinstance(part, BoundLowered):
        return part
    shape = Shape.of_structure(part.choice.program.inputs, source_of(child).forward)
    with suppress(CompilationError):
        form = picking(path, source_of(child), [(shape, part.form)], types)
        return BoundShapes(form, [shape], [part], types)
    return part


def with_fields(path: str, child: nn.Module, part: Part) -> Part:
    """A form whose result has fields instead of keys, where it has any."""
    source = source_of(child)
    if isinstance(part, BoundShapes):
        parts = [with_fields(path, child, one) for one in part.parts]
        with suppress(CompilationError):
            return of_shapes(path, source, part.shapes, parts, part.types)
    if not isinstance(part, (BoundForm, BoundLowered)) or part.choice.output is None:
        return part
    form = with_named_fields(part.choice.form, part.choice.output, type(source).__name__)
    return part if form is None else bound_form(source, replace(part.choice, form=form))


def of_shapes(
    path: str, child: nn.Module, shapes: Sequence[Shape], parts: Sequence[Part], types: Mapping[str, str] | None = None
) -> BoundShapes:
    """One form for all ways of calling; raises `CompilationError` where there is none."""
    if len(parts) > 1 and any(isinstance(part, (BoundForm, BoundLowered)) and part.writes_state for part in parts):
        listed = " and ".join(shape.told() for shape in shapes)
        raise CompilationError(f"`{path}` exchanges buffers, and is called as {listed}: call it in one way")
    forms = [(shape, part.form) for shape, part in zip(shapes, parts, strict=True)]
    return BoundShapes(picking(path, child, forms, types), shapes, parts, types)


def source_of(child: nn.Module) -> nn.Module:
    """The module that a part brings the form of, or the part itself."""
    source: nn.Module = vars(child).get("__scriptkit_inner__", (child,))[0]
    return source
