"""The rule `module-instance-global`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import forward, model
from scriptkit.rules.reading import nodes
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, ModuleFacts


class ModuleInstanceGlobal(Rule):
    """A module that lives at module level, called in compiled code.

    It compiles to a call back into Python, which runs in this process and cannot be saved.
    """

    code = "SK801"
    name = "module-instance-global"
    once = True
    raw = ()
    severity = "warning"
    supersedes = ("global-variable-capture",)
    label = "runs in Python, cannot be saved"
    note = "the compiler keeps a call into Python for it, and a file contains no Python"
    help = "make it a submodule"
    VALID = (
        model("self.act = nn.ReLU()", "return self.act(x)"),
        "act = F.relu\n\n" + forward("return act(x)"),
    )
    INVALID = (
        Invalid(
            "act = nn.ReLU()\n\n" + forward("return act(x)  # <-"), "Could not export Python function call", saved=True
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for function, node in nodes(cls, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if (
                name in cls.module.globals
                and _makes_module(cls.module, cls.module.globals[name].value)
                and cls.is_live(node)
            ):
                yield self.found(
                    cls,
                    node,
                    f"`{name}` is a module at module level, so the model cannot be saved",
                    suggestion=f"self.{name.lower()} = {name}",
                    method=function.name,
                )


def _makes_module(module: ModuleFacts, value: ast.expr | None) -> bool:
    if not isinstance(value, ast.Call):
        return False
    dotted = module.dotted(value.func) or ""
    local = module.classes.get(dotted)
    return (
        local.kind == "module"
        if local
        else dotted.startswith("torch.nn.") and dotted.count(".") == len(("torch", "nn"))
    )
