"""What a program holds: tensors exchanged and shared, attributes it assigns, hooks it lacks."""

from scriptkit.engines.torchscript.programs.files import has_hooks, hooks_lost, sets_attributes
from scriptkit.engines.torchscript.programs.seen import graph_text, inlined_code
from scriptkit.engines.torchscript.programs.state import (
    adopt,
    assigned_attributes,
    exchanged,
    tensor_slots,
    without_weights,
)

__all__ = [
    "adopt",
    "assigned_attributes",
    "exchanged",
    "graph_text",
    "has_hooks",
    "hooks_lost",
    "inlined_code",
    "sets_attributes",
    "tensor_slots",
    "without_weights",
]
