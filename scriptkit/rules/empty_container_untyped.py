"""The rule `empty-container-untyped`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts
    from scriptkit.language.problems import Problem


class EmptyContainerUntyped(ProblemRule):
    """An empty list or dict without a type, that gets elements which are no tensors."""

    code = "SK217"
    name = "empty-container-untyped"
    once = True
    raw = (
        r"Could not match type \S+ to t in argument 'el': Type variable 't' previously matched to type Tensor",
        r"aten::_set_item\.\w+\(t\[\]|aten::_set_item",
    )
    kinds = ("empty-container-untyped",)
    note = "the compiler types a container where it is created: `[]` is a `List[Tensor]`, `{}` a `Dict[str, Tensor]`"
    VALID = (forward("sizes: List[int] = []\nsizes.append(x.size(0))\nreturn x * sizes[0]"),)
    INVALID = (
        Invalid(
            forward("sizes = []\nsizes.append(x.size(0))  # <-\nreturn x * sizes[0]"),
            "previously matched to type Tensor is matched to type int",
        ),
        Invalid(forward('sizes = {}\nsizes["x"] = x.size(0)  # <-\nreturn x * sizes["x"]'), "aten::_set_item"),
    )

    def describe(self, cls: ClassFacts, problem: Problem) -> Diagnostic:
        name, value, element, key = (problem.data.get(part) for part in ("name", "value", "element", "key"))
        is_dict = key is not None or "{" in str(value) or "dict" in str(value)
        taken = "Dict[str, Tensor]" if is_dict else "List[Tensor]"
        declared = (
            f"Dict[{key or '<key type>'}, {element or '<value type>'}]"
            if is_dict
            else f"List[{element or '<element type>'}]"
        )
        return self.about(
            cls,
            problem,
            f"`{name}` starts as `{value}`, with no element type",
            label=f"puts in a `{element}`" if element is not None else "puts in another type",
            help="annotate it with the type of its elements",
            suggestion=f"{name}: {declared} = {value}",
            also=related(problem, f"taken for `{taken}`"),
        )
