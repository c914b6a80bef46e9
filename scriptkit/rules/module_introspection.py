"""The rule `module-introspection`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import modules
from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class ModuleIntrospection(ProblemRule[modules.ModuleIntrospection]):
    """A method of `nn.Module` that looks at or changes the module itself, such as `parameters()`."""

    code = "SK311"
    name = "module-introspection"
    raw = (
        r"Unknown type name 'torch\.jit\.ScriptModule'",
        "Unknown type name 'Self'",
    )
    supersedes = ("unsupported-builtin",)
    kinds = (modules.ModuleIntrospection,)
    label = "asks a module about itself"
    note = "the compiler compiles what modules compute; their bookkeeping stays in Python"
    VALID = (model("self.fc = nn.Linear(2, 2)", "return x * self.fc.weight.sum()"),)
    INVALID = (
        Invalid(
            model("self.fc = nn.Linear(2, 2)", "for p in self.parameters():  # <-\n    x = x + p.sum()\nreturn x"),
            "Yield aren't supported",
        ),
        Invalid(model("self.fc = nn.Linear(2, 2)", "self.eval()  # <-\nreturn x"), "Unknown type name 'Self'"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[modules.ModuleIntrospection]) -> Diagnostic:
        name = problem.data.name
        return self.about(
            cls,
            problem,
            f"`{name}` of a module cannot be compiled",
            help=_HELP.get(name, "do it in `__init__` or outside the module"),
        )


_HELP = {
    "parameters": "name the parameters, as in `self.fc.weight`",
    "named_parameters": "name the parameters, as in `self.fc.weight`",
    "register_buffer": "register the buffer in `__init__`; a buffer can be assigned later",
    "children": "keep the modules in a `ModuleList` and iterate over that",
    "modules": "keep the modules in a `ModuleList` and iterate over that",
    "named_children": "keep the modules in a `ModuleDict` and iterate over its items",
}
