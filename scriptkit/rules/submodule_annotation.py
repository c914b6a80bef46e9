"""The rule `submodule-annotation`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import declarations
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class SubmoduleAnnotation(Rule):
    """A declaration of a submodule in the class body.

    The compiler takes the annotation for a TorchScript type, and a module class is none. A `ScriptableModule` may
    have it.
    """

    code = "SK114"
    name = "submodule-annotation"
    raw = (
        r"Unknown type annotation: '<class ",
        r"Expected inferred type to be interface type",
        r"Unsupported annotation typing\.Optional\[torch\.nn",
    )
    lifted = True
    supersedes = ("unsupported-annotation",)
    label = "taken for a TorchScript type"
    note = "the compiler reads annotations in the class body as TorchScript types, and a module class is none"
    help = "annotate it in `__init__`, where it is assigned"
    VALID = (model("self.fc: nn.Module = nn.Linear(2, 2)", "return self.fc(x)"),)
    INVALID = (
        Invalid(
            model("self.fc = nn.Linear(2, 2)", "return self.fc(x)", declared="fc: nn.Module  # <-"),
            "Unknown type annotation: '<class",
        ),
        Invalid(
            model("self.fc = nn.Linear(2, 2)", "return self.fc(x)", declared="fc: Optional[nn.Module]  # <-"),
            "Unsupported annotation typing.Optional[torch.nn",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for name, declaration in declarations(cls):
            if any(_is_module(cls, part) for part in ast.walk(declaration.annotation)):
                text = ast.unparse(declaration.annotation)
                yield self.found(
                    cls,
                    declaration,
                    f"`{name}: {text}` declares a submodule in the class body",
                    suggestion=f"self.{name}: {text} = <module>",
                )


def _is_module(cls: ClassFacts, part: ast.AST) -> bool:
    dotted = cls.module.dotted(part) or ""
    local = cls.module.classes.get(dotted)
    if local is not None:
        return local.kind == "module"
    tail = dotted.removeprefix("torch.nn.")
    return (
        dotted.startswith("torch.nn.")
        and tail.isidentifier()
        and tail[0].isupper()
        and tail not in ("Parameter", "Buffer")
    )
