"""The private and public names of torch that this engine leans on, looked up once."""

import torch

from scriptkit.errors import UnsupportedError

if not hasattr(torch, "jit") or not hasattr(torch.jit, "script"):
    raise UnsupportedError(f"torch {torch.__version__} has no TorchScript: install one that `scriptkit doctor` knows")
