"""The rule `forward-hook`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ForwardHook(Rule):
    """A hook without source or types, registered in `__init__`: the compiler compiles hooks, too.

    In a `ScriptableModule` a hook runs in Python.
    """

    code = "SK319"
    name = "forward-hook"
    raw = ()
    lifted = True
    label = "compiled together with `forward`"
    note = "the compiler compiles the hooks of a module; each must be a function of the module level with types"
    help = "register a typed function, after compiling if it need not be compiled"
    VALID = (model("self.fc = nn.Linear(2, 2)", "return self.fc(x)"),)
    INVALID = (
        Invalid(
            model(
                "self.fc = nn.Linear(2, 2)\nself.fc.register_forward_hook(lambda m, i, o: o * 2)  # <-",
                "return self.fc(x)",
            ),
            "Expected a single top-level function",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        constructor = cls.own_methods.get("__init__")
        for node in ast.walk(constructor.node) if constructor else ():
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="register_forward_hook" | "register_forward_pre_hook"),
                    args=[ast.Lambda() as hook, *_],
                ):
                    yield self.found(cls, hook, "a hook is a `lambda`, which cannot be compiled", method="__init__")
