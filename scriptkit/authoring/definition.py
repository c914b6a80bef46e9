"""The class statement: every rule a class breaks, told at once, before anything runs."""

from __future__ import annotations

import inspect
import warnings
from typing import Final

from scriptkit.checking import check_class
from scriptkit.errors import ScriptabilityError, ScriptkitWarning

_STACK_LEVEL: Final = 3


def check_definition(cls: type) -> None:
    """Raise `ScriptabilityError` with every rule a class breaks; what an installed package breaks is a warning.

    Abstract classes and classes without source pass: their subclasses and the constructor judge.
    """
    if cls.__module__.split(".")[0] == "scriptkit" or inspect.isabstract(cls):
        return
    found = check_class(cls, errors_only=True)  # the constructor and the other doors tell the warnings
    errors = [finding for finding in found if finding.severity == "error"]
    if errors:
        count = f"{len(errors)} errors" if len(errors) > 1 else "1 error"
        headline = f"{cls.__name__} is not scriptable: {count}"
        raise ScriptabilityError(headline, errors)
    for finding in found:
        message = f"{finding.path}:{finding.line}: {finding.one_line()} [{finding.name}]"
        warnings.warn(message, ScriptkitWarning, stacklevel=_STACK_LEVEL)
