"""scriptkit: PyTorch models that compile by construction.

Write an ordinary, typed `nn.Module`, subclass `ScriptableModule`, and the instance runs compiled:

    class Net(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(x).relu()

    net = Net()        # compiled here, or told everything that stands in the way
    net.save("net.pt") # a file any LibTorch program loads

The way of a class: its text is read into facts (`language`), checked by rules (`rules`) at the class statement; an
instance is compiled by an engine (`engines`) when its outermost constructor ends; each call binds the compiled twin to
the state Python holds. Doors show the same findings elsewhere: `mypy`, `cli`, `testing`.

Importing this package imports neither torch nor mypy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

from scriptkit.authoring.decorators import export, ignore, script, unused
from scriptkit.authoring.marks import scripted, traced
from scriptkit.errors import (
    ArtifactError,
    CompilationError,
    ScriptabilityError,
    ScriptkitEagerWarning,
    ScriptkitError,
    ScriptkitWarning,
    TraceHazardError,
    VerificationError,
)
from scriptkit.switches import eager

if TYPE_CHECKING:
    from scriptkit.artifact.reading import load as load
    from scriptkit.artifact.saving import save as save
    from scriptkit.authoring.module import ScriptableModule as ScriptableModule
    from scriptkit.checking import check_paths as check_paths
    from scriptkit.checking import check_source as check_source
    from scriptkit.compiling.compiled import compile as compile
    from scriptkit.engines.torchscript.reading import is_compiled as is_compiled
    from scriptkit.engines.torchscript.reading import report as report
    from scriptkit.engines.torchscript.reading import to_torchscript as to_torchscript
    from scriptkit.engines.torchscript.runtime import pinned as pinned
    from scriptkit.verification import verify as verify
    from scriptkit.warming import warmup as warmup

__version__ = "0.1.0"

_LAZY = {
    "check_paths": "scriptkit.checking",
    "check_source": "scriptkit.checking",
    "ScriptableModule": "scriptkit.authoring.module",
    "compile": "scriptkit.compiling.compiled",
    "is_compiled": "scriptkit.engines.torchscript.reading",
    "pinned": "scriptkit.engines.torchscript.runtime",
    "load": "scriptkit.artifact.reading",
    "report": "scriptkit.engines.torchscript.reading",
    "save": "scriptkit.artifact.saving",
    "to_torchscript": "scriptkit.engines.torchscript.reading",
    "verify": "scriptkit.verification",
    "warmup": "scriptkit.warming",
}

__all__ = [
    "ArtifactError",
    "CompilationError",
    "Final",
    "ScriptabilityError",
    "ScriptableModule",
    "ScriptkitEagerWarning",
    "ScriptkitError",
    "ScriptkitWarning",
    "TraceHazardError",
    "VerificationError",
    "check_paths",
    "check_source",
    "compile",
    "eager",
    "export",
    "ignore",
    "is_compiled",
    "load",
    "pinned",
    "report",
    "save",
    "script",
    "scripted",
    "to_torchscript",
    "traced",
    "unused",
    "verify",
    "warmup",
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = globals()[name] = getattr(importlib.import_module(_LAZY[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
