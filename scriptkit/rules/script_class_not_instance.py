"""The rule `script-class-not-instance`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.reading import calls_outside_classes, word
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ScriptClassNotInstance(Rule):
    """`torch.jit.script` of a module class, where an instance is meant."""

    code = "SK438"
    name = "script-class-not-instance"
    label = "a class, not an instance"
    note = "a module is compiled with its attributes, and only an instance has them"
    help = "construct the module first"
    VALID = (
        "class Net(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n        return x\n\n\nmade = Net()\n",
    )
    INVALID = (
        Invalid(
            "class Net(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n        return x\n"
            "\n\nmade = Net\n\ndef compiled():\n    return torch.jit.script(Net)  # <-\n",
            "cannot be compiled since it inherits from nn.Module, pass an instance instead",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for node in calls_outside_classes(cls.module):
            given = cls.module.dotted(node.args[0]) if node.args else None
            if given == cls.name and cls.module.dotted(node.func) == "torch.jit.script":
                yield self.found(
                    cls,
                    node,
                    f"`torch.jit.script` is given the class `{cls.name}`",
                    suggestion=f"torch.jit.script({cls.name}(<arguments>))",
                )
        maker = cls.own_methods.get("__new__")
        if maker is not None and any(_runs_forward(node) for node in ast.walk(maker.node)):
            yield self.found(
                cls,
                word(cls, maker.node, "def __new__"),
                f"constructing a `{cls.name}` gives the result of its `forward`",
                label="makes no instance",
                help="construct the module first, and call it then",
                suggestion=f"{cls.name}()(<input>)",
                method="__new__",
            )


def _runs_forward(node: ast.AST) -> bool:
    match node:
        case ast.Return(value=ast.Call(func=ast.Attribute(attr="forward"))):
            return True
    return False
