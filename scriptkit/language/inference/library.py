"""Modules of `torch.nn`, which no text of the user defines."""

from __future__ import annotations

from functools import cache

from scriptkit.language import operators, versions
from scriptkit.language.annotations import Annotations
from scriptkit.language.operators import Argument, Schema
from scriptkit.language.source import read
from scriptkit.language.types import UNKNOWN

LIBRARY = Annotations(read("import torch, typing\nfrom torch import Tensor\nfrom typing import *", "torch.nn"))


def library_forward(name: str) -> Schema | None:
    """The forward of a class of `torch.nn`, where its annotations say what it returns."""
    return _forward(name, versions.judged())


@cache
def _forward(name: str, torch: str) -> Schema | None:
    known = operators.of_torch(torch).data["modules"].get(name)
    if known is None or known["forward"] is None:
        return None
    returns = LIBRARY.type_of_text(known["forward"]["returns"])
    parameters = known["forward"]["parameters"]
    if returns is UNKNOWN or any(kind.startswith("VAR") for *_, kind in parameters):
        return None
    arguments = [
        Argument(n, LIBRARY.type_of_text(text), has_default, keyword_only=kind == "KEYWORD_ONLY", length=0)
        for n, text, has_default, kind in parameters
    ]
    return Schema(name, tuple(arguments), returns, internal=True)
