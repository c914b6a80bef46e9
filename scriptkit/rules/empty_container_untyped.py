"""The rule `empty-container-untyped`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class EmptyContainerUntyped(ProblemRule[containers.EmptyContainerUntyped]):
    """An empty list or dict without a type, that gets elements which are no tensors."""

    code = "SK217"
    name = "empty-container-untyped"
    once = True
    raw = (
        r"Could not match type \S+ to t in argument 'el': Type variable 't' previously matched to type Tensor",
        r"aten::_set_item\.\w+\(t\[\]|aten::_set_item",
    )
    kinds = (containers.EmptyContainerUntyped,)
    note = "the compiler types a container where it is created: `[]` is a `List[Tensor]`, `{}` a `Dict[str, Tensor]`"
    VALID = (forward("sizes: List[int] = []\nsizes.append(x.size(0))\nreturn x * sizes[0]"),)
    INVALID = (
        Invalid(
            forward("sizes = []\nsizes.append(x.size(0))  # <-\nreturn x * sizes[0]"),
            "previously matched to type Tensor is matched to type int",
        ),
        Invalid(forward('sizes = {}\nsizes["x"] = x.size(0)  # <-\nreturn x * sizes["x"]'), "aten::_set_item"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[containers.EmptyContainerUntyped]) -> Diagnostic:
        name, value = problem.data.name, problem.data.value
        element, key = problem.data.element, problem.data.key
        is_dict = key is not None or "{" in value or "dict" in value
        taken = "Dict[str, Tensor]" if is_dict else "List[Tensor]"
        declared = f"Dict[{key or '<key type>'}, {element}]" if is_dict else f"List[{element}]"
        return self.about(
            cls,
            problem,
            f"`{name}` starts as `{value}`, with no element type",
            label=f"puts in a `{element}`",
            help="annotate it with the type of its elements",
            suggestion=f"{name}: {declared} = {value}",
            also=related(problem, f"taken for `{taken}`"),
        )
