"""The rule `module-list-index`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleListIndex(ProblemRule[modules.ModuleContainerDynamicIndex]):
    """A `ModuleList`, `Sequential` or `ModuleDict` indexed by a value unknown at compile time.

    The compiler unrolls a `ModuleList`, because each of its modules may have a different type: a number known only
    at run time cannot pick one. Literals and `Final` attributes are known while compiling.
    """

    code = "SK301"
    name = "module-list-index"
    raw = (
        "Expected integer literal for index",
        "Unable to extract string literal index",
    )
    kinds = (modules.ModuleContainerDynamicIndex,)
    note = "the compiler unrolls containers of modules, so it must know every index in advance"
    VALID = (
        model(
            "self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])",
            "for block in self.blocks:\n    x = block(x)\nreturn x",
        ),
        model("self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])", "return self.blocks[-1](x)"),
        model(
            'self.heads = nn.ModuleDict({"a": nn.Linear(2, 2)})',
            "for key, head in self.heads.items():\n    if key == name:\n        x = head(x)\nreturn x",
            "x: Tensor, name: str",
        ),
    )
    INVALID = (
        Invalid(
            model(
                "self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])",
                "for i in range(2):\n    x = self.blocks[i](x)  # <-\nreturn x",
            ),
            "Expected integer literal for index",
        ),
        Invalid(
            model(
                'self.heads = nn.ModuleDict({"a": nn.Linear(2, 2)})',
                "return self.heads[name](x)  # <-",
                "x: Tensor, name: str",
            ),
            "Unable to extract string literal index",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleContainerDynamicIndex]) -> Diagnostic:
        container, text, index = problem.data.container, problem.data.text, problem.data.index
        keyed = container == "ModuleDict"
        loop = f"for key, module in {text}.items():\n    if key == {index}:\n        x = module(x)"
        return self.about(
            cls,
            problem,
            f"{quoted(text)} is indexed by {quoted(index)}, which is not known at compile time",
            label=f"which module this is depends on {quoted(index)}",
            help="iterate over the items, and compare the key" if keyed else "iterate over the modules instead",
            suggestion=loop if keyed else f"for module in {text}:\n    x = module(x)",
            also=related(problem, f"this is a `{container}`"),
        )
