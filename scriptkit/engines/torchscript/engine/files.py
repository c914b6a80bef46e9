"""Programs as bytes, what they say of themselves, and why a program cannot become a file."""

from scriptkit.engines.torchscript.programs.files import (
    NEWEST_FORMAT,
    NO_ELEMENTS,
    bound_method,
    load_bytes,
    load_file,
    method_schemas,
    missing_operators,
    operator_names,
    serialise,
)
from scriptkit.engines.torchscript.types.saveability import check_saveable, kept_in_python, reason_of, why_unsaveable

__all__ = [
    "NEWEST_FORMAT",
    "NO_ELEMENTS",
    "bound_method",
    "check_saveable",
    "kept_in_python",
    "load_bytes",
    "load_file",
    "method_schemas",
    "missing_operators",
    "operator_names",
    "reason_of",
    "serialise",
    "why_unsaveable",
]
