"""What `optimize` left for the loading process to do, so that a file runs at the speed that was measured."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from scriptkit.artifact.loaded import LoadedModule
from scriptkit.engines.torchscript.engine import files, making
from scriptkit.errors import ScriptkitWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import torch

    from scriptkit.artifact.manifest import Manifest

FUSION, FOR_INFERENCE = "onednn_fusion", "optimize_for_inference"
_WITHOUT = "the model runs without it, and more slowly"


def prepared(module: torch.jit.ScriptModule, manifest: Manifest) -> LoadedModule:
    """A loaded model as it is to run: what its manifest asks for is switched on, and done."""
    optimization = manifest.optimization
    if optimization is None:
        return LoadedModule(module, manifest)
    names = [method.name for method in manifest.methods]
    _warn_of_what_is_missing([*optimization.switches, *optimization.after_loading])
    running = module
    if FOR_INFERENCE in optimization.after_loading:
        running = making.for_this_machine(module, [name for name in names if name != "forward"])
    return LoadedModule(module, manifest, methods_of(running, names, optimization.switches))


def methods_of(
    program: torch.jit.ScriptModule, names: Iterable[str], switches: Sequence[str]
) -> dict[str, Callable[..., Any]]:
    """The compiled methods of a program, each with what its first calls need switched on."""
    found = {name: files.bound_method(program, name) for name in names}
    if FUSION in switches and not making.why_no_onednn():
        return {name: making.FusedMethod(method) for name, method in found.items()}
    return found


def _warn_of_what_is_missing(asked: Sequence[str]) -> None:
    for name in asked:
        if name not in {FUSION, FOR_INFERENCE}:
            _warn(f"this scriptkit does not know `{name}`, which the file asks for")
    if FUSION in asked and making.why_no_onednn():
        _warn(f"the file asks for the fusion of operators by oneDNN, but {making.why_no_onednn()}")


def _warn(message: str) -> None:
    warnings.warn(f"{message}: {_WITHOUT}", ScriptkitWarning, stacklevel=6)
