"""The TorchScript engine as everything above it sees it: five modules of functions, and nothing else of this engine."""

from scriptkit.engines.interface import Engine
from scriptkit.engines.torchscript.engine import errors, files, making, state, thread

TORCHSCRIPT = Engine("torchscript", thread, making, state, files, errors)
