"""Programs as ONNX models, by torch's exporter; and running such models with onnxruntime, where it is installed."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.engines.export.onnx_recurrent import kept_whole
from scriptkit.engines.export.remarks import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch.export import ExportedProgram

NEEDED = ("onnx", "onnxscript")
RUNTIME = "onnxruntime"


def missing_packages() -> list[str]:
    """What the exporter needs and this environment lacks."""
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def has_runtime() -> bool:
    """Whether onnxruntime is installed."""
    return importlib.util.find_spec(RUNTIME) is not None


def write(program: ExportedProgram, path: Path) -> int:
    """Write a program as an ONNX model and return the version of its operator set; raises what torch raises."""
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole, own = kept_whole(program)
        made: Any = torch.onnx.export(
            whole, dynamo=True, verbose=False, optimize=True, custom_translation_table=own or None
        )
        made.save(str(path))
        return int(made.model.opset_imports[""])


class Session:
    """An ONNX model in onnxruntime."""

    def __init__(self, path: Path) -> None:
        onnxruntime: Any = importlib.import_module(RUNTIME)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = [one.name for one in self._session.get_inputs()]

    def run(self, inputs: Sequence[Any]) -> list[torch.Tensor]:
        """Run on the inputs in order; one that the model dropped, since nothing depends on it, is left out."""
        import numpy as np

        given = [one.detach().cpu().numpy() if isinstance(one, torch.Tensor) else np.array(one) for one in inputs]
        feed = dict(zip(self.names, given, strict=True))
        return [torch.as_tensor(np.asarray(one)) for one in self._session.run(None, feed)]
