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

from scriptkit.language.parsing import PARSING
from scriptkit.version import __version__ as __version__

if TYPE_CHECKING:
    from scriptkit.artifact.inputs import InputError as InputError
    from scriptkit.artifact.loaded import LoadedModule as LoadedModule
    from scriptkit.artifact.reading import load as load
    from scriptkit.artifact.saving import save as save
    from scriptkit.authoring.decorators import export as export
    from scriptkit.authoring.decorators import ignore as ignore
    from scriptkit.authoring.decorators import script as script
    from scriptkit.authoring.decorators import unused as unused
    from scriptkit.authoring.module import ScriptableModule as ScriptableModule
    from scriptkit.benching.bench import bench as bench
    from scriptkit.benching.report import BenchReport as BenchReport
    from scriptkit.checking import check_paths as check_paths
    from scriptkit.checking import check_source as check_source
    from scriptkit.compiling.plan.trees import to_torchscript as to_torchscript
    from scriptkit.errors import ArtifactError as ArtifactError
    from scriptkit.errors import CompilationError as CompilationError
    from scriptkit.errors import ExportError as ExportError
    from scriptkit.errors import ScriptabilityError as ScriptabilityError
    from scriptkit.errors import ScriptkitEagerWarning as ScriptkitEagerWarning
    from scriptkit.errors import ScriptkitError as ScriptkitError
    from scriptkit.errors import ScriptkitWarning as ScriptkitWarning
    from scriptkit.errors import TraceHazardError as TraceHazardError
    from scriptkit.errors import VerificationError as VerificationError
    from scriptkit.exporting.export_program import export_program as export_program
    from scriptkit.exporting.exported_module import ExportedModule as ExportedModule
    from scriptkit.exporting.onnx import OnnxReport as OnnxReport
    from scriptkit.exporting.onnx import export_onnx as export_onnx
    from scriptkit.exporting.readiness import ReadinessReport as ReadinessReport
    from scriptkit.exporting.readiness import readiness as readiness
    from scriptkit.inspecting.inspect import inspect as inspect
    from scriptkit.inspecting.inspection import Inspection as Inspection
    from scriptkit.live.marks import scripted as scripted
    from scriptkit.live.marks import traced as traced
    from scriptkit.optimizing.optimize import optimize as optimize
    from scriptkit.optimizing.optimized_module import OptimizedModule as OptimizedModule
    from scriptkit.runtime.compiled import CompiledModule as CompiledModule
    from scriptkit.runtime.compiled import compile as compile
    from scriptkit.runtime.reading import is_compiled as is_compiled
    from scriptkit.runtime.reading import report as report
    from scriptkit.runtime.runtime import pinned as pinned
    from scriptkit.switches import eager as eager
    from scriptkit.verification import verify as verify
    from scriptkit.warming import warmup as warmup

_ERRORS = "Artifact Compilation Export Scriptability Scriptkit TraceHazard Verification"
_LAZY = {
    **{f"{name}Error": "scriptkit.errors" for name in _ERRORS.split()},
    **dict.fromkeys(("ScriptkitEagerWarning", "ScriptkitWarning"), "scriptkit.errors"),
    **dict.fromkeys(("export", "ignore", "script", "unused"), "scriptkit.authoring.decorators"),
    **dict.fromkeys(("scripted", "traced"), "scriptkit.live.marks"),
    "eager": "scriptkit.switches",
    "check_paths": "scriptkit.checking",
    "check_source": "scriptkit.checking",
    "ScriptableModule": "scriptkit.authoring.module",
    **dict.fromkeys(("CompiledModule", "compile"), "scriptkit.runtime.compiled"),
    "is_compiled": "scriptkit.runtime.reading",
    "pinned": "scriptkit.runtime.runtime",
    "ExportedModule": "scriptkit.exporting.exported_module",
    "export_program": "scriptkit.exporting.export_program",
    **dict.fromkeys(("OnnxReport", "export_onnx"), "scriptkit.exporting.onnx"),
    **dict.fromkeys(("ReadinessReport", "readiness"), "scriptkit.exporting.readiness"),
    "bench": "scriptkit.benching.bench",
    "BenchReport": "scriptkit.benching.report",
    "inspect": "scriptkit.inspecting.inspect",
    "Inspection": "scriptkit.inspecting.inspection",
    "InputError": "scriptkit.artifact.inputs",
    "LoadedModule": "scriptkit.artifact.loaded",
    "load": "scriptkit.artifact.reading",
    "optimize": "scriptkit.optimizing.optimize",
    "OptimizedModule": "scriptkit.optimizing.optimized_module",
    "report": "scriptkit.runtime.reading",
    "save": "scriptkit.artifact.saving",
    "to_torchscript": "scriptkit.compiling.plan.trees",
    "verify": "scriptkit.verification",
    "warmup": "scriptkit.warming",
}

_WITHOUT_TORCH = ("scriptkit.errors", "scriptkit.checking", "scriptkit.switches")

__all__ = [
    "ArtifactError",
    "BenchReport",
    "CompilationError",
    "ExportError",
    "ExportedModule",
    "Final",
    "InputError",
    "Inspection",
    "LoadedModule",
    "OnnxReport",
    "OptimizedModule",
    "ReadinessReport",
    "ScriptabilityError",
    "ScriptableModule",
    "ScriptkitEagerWarning",
    "ScriptkitError",
    "ScriptkitWarning",
    "TraceHazardError",
    "VerificationError",
    "bench",
    "check_paths",
    "check_source",
    "compile",
    "eager",
    "export",
    "export_onnx",
    "export_program",
    "ignore",
    "inspect",
    "is_compiled",
    "load",
    "optimize",
    "pinned",
    "readiness",
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
    with PARSING:  # what is imported parses its own source, as pydantic does for its models
        if _LAZY[name] not in _WITHOUT_TORCH:
            importlib.import_module("scriptkit.supported").refuse_unsupported()
        value = globals()[name] = getattr(importlib.import_module(_LAZY[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
