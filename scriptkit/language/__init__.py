"""TorchScript as a language, read from source text alone: standard library only, no torch, no mypy.

    text --source.read--> ModuleFacts --inference.classes.infer--> typed ClassFacts --rules--> [Diagnostic]

`read(text, path)` gives a `ModuleFacts`: imports, globals, functions and classes, each `ClassFacts` with methods, bases
and attributes. `analyze(text, path, all_modules=False)` reads and then types every class to be checked; after it

    cls.compiled      the methods and functions the compiler would compile, in the order it reaches them
    cls.problems      typed observations (`facts.Problem`: data of its kind, culprit, related nodes), each mistake once
    cls.type_of(e)    the inferred type of an expression in compiled code; `Unknown` where the pass cannot know
    cls.is_live(n)    False under a branch that is statically not taken: parsed by the compiler, but not typed

A rule either words the problems of its kinds (`problems/` holds a class for each) or looks at the syntax of
`cls.compiled` itself: syntax is judged by the rules, names and types by the pass. Class-level facts are in
`cls.attributes`, `cls.annotations`, `cls.own_methods` and `cls.bases`; the file's in `cls.module` (`dotted`, `parent`,
`ancestors`, `span`, `is_allowed`, `imports`, `globals`, `functions`).

A problem that depends on the instance (a branch on a `Final`, on a submodule that may be None) has `certain=False`.
What is unknown stays `Unknown` and silences problems; an expression that had a problem is `Unknown` too. A door that
knows more (mypy's types, a live instance) passes an `Oracle`.

The table of operators is generated from torch's schemas by `make operators` and loaded when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.language.parsing import PARSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.facts import ClassFacts, ModuleFacts
    from scriptkit.language.inference.sink import Oracle
    from scriptkit.language.source import read

__all__ = ["analyze", "read", "type_classes"]


def analyze(
    text: str, path: str = "<string>", *, all_modules: bool = False, oracle: Oracle | None = None
) -> ModuleFacts:
    """Read a file and type every class that is to be checked. Raises SyntaxError when the text does not parse."""
    with PARSING:
        from scriptkit.language.source import read
    module = read(text, path)
    type_classes(module, module.checked_classes(all_modules=all_modules), oracle)
    return module


def type_classes(module: ModuleFacts, classes: Sequence[ClassFacts], oracle: Oracle | None = None) -> None:
    """Type classes of a file."""
    if classes:
        with PARSING:
            from scriptkit.language.inference.classes import infer_all

        infer_all(module, classes, oracle)


def __getattr__(name: str) -> Any:
    """`read`, when it is asked for: `import scriptkit` needs the lock of parsing only, and that costs a tenth."""
    if name != "read":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with PARSING:
        from scriptkit.language.source import read
    return read
