"""The type of `module(...)`: that of the `forward` its author wrote."""

from __future__ import annotations

from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class HasForward(Protocol[P, R_co]):
    """Anything with a `forward`."""

    def forward(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Compute."""
