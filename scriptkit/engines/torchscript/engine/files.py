"""Programs as bytes, what they say of themselves, and why a program cannot become a file."""

from scriptkit.engines.torchscript.programs.archives import (
    Loaded,
    file_format,
    load_archive,
    operations,
    sparse_problem,
    write_records,
)
from scriptkit.engines.torchscript.programs.files import (
    NEWEST_FORMAT,
    NO_ELEMENTS,
    bound_method,
    classes_in_results,
    load_bytes,
    method_schemas,
    missing_operators,
    operator_names,
    serialise,
)
from scriptkit.engines.torchscript.programs.typed_values import is_of_type, takes
from scriptkit.engines.torchscript.torch_names.printed_names import give_printable_names, refused_parameter
from scriptkit.engines.torchscript.types.saveability import (
    check_saveable,
    kept_in_python,
    none_default_in,
    reason_of,
    why_unsaveable,
)

__all__ = [
    "NEWEST_FORMAT",
    "NO_ELEMENTS",
    "Loaded",
    "bound_method",
    "check_saveable",
    "classes_in_results",
    "file_format",
    "give_printable_names",
    "is_of_type",
    "kept_in_python",
    "load_archive",
    "load_bytes",
    "method_schemas",
    "missing_operators",
    "none_default_in",
    "operations",
    "operator_names",
    "reason_of",
    "refused_parameter",
    "serialise",
    "sparse_problem",
    "takes",
    "why_unsaveable",
    "write_records",
]
