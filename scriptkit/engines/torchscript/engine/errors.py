"""The exceptions of compiled code, and the Python errors they mean."""

from scriptkit.engines.torchscript.calling.traceback_frames import PASSED_OVER, RECORDED_FROM, raise_at_user_line
from scriptkit.engines.torchscript.calling.translator import (
    CALL_ERRORS,
    CallTranslator,
    call_as_python,
    frames_of_trace,
    python_error,
)
from scriptkit.engines.torchscript.lifting.lifted_class import UnreadableMethodError
from scriptkit.engines.torchscript.programs.recording import failed_check, refused
from scriptkit.engines.torchscript.twin.float_parameters import int_given
from scriptkit.engines.torchscript.types.shadow import UninitializedParametersError
from scriptkit.engines.torchscript.types.unfaithful import SharedContainerError, UnfaithfulError

__all__ = [
    "CALL_ERRORS",
    "PASSED_OVER",
    "RECORDED_FROM",
    "CallTranslator",
    "SharedContainerError",
    "UnfaithfulError",
    "UninitializedParametersError",
    "UnreadableMethodError",
    "call_as_python",
    "failed_check",
    "frames_of_trace",
    "int_given",
    "python_error",
    "raise_at_user_line",
    "refused",
]
