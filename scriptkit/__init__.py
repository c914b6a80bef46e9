"""scriptkit: PyTorch models that compile by construction."""

from __future__ import annotations

__version__ = "0.1.0"
