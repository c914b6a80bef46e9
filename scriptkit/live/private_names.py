"""A private name of torch that scriptkit leans on: where it is, and what happens with a torch that lacks it.

The names themselves stand in two tables: those of the TorchScript engine in its own, those that rooms beneath the
engines need in `live.torch_names`.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

import torch

from scriptkit.errors import ScriptkitError

if TYPE_CHECKING:
    from collections.abc import Callable

GONE: Final = object()


@dataclass(frozen=True)
class PrivateName:
    """One name, in a module or class of torch; `spare` is what it is called in other versions."""

    holder: str
    name: str
    has_public_door: bool = False
    instead: Callable[..., Any] | None = None
    spare: str = ""
    of_instances: bool = False  # set on objects only: nothing of torch has it before something is compiled
    is_optional: bool = False  # whoever asks has another way where it finds None

    @property
    def spoken(self) -> str:
        """The name in full."""
        return f"{self.holder}.{self.name}"

    def value(self) -> Any:
        """What the installed torch has under the name, else `GONE`."""
        holder = _at(self.holder)
        found = getattr(holder, self.name, GONE)
        return getattr(holder, self.spare, GONE) if found is GONE and self.spare else found

    @property
    def exists(self) -> bool:
        """Whether the installed torch has it."""
        return self.of_instances or self.value() is not GONE


class Missing:
    """Stands for a name that this torch lacks; whoever needs it is told."""

    def __init__(self, what: str, private: PrivateName) -> None:
        self._what, self._private = what, private

    def _refuse(self) -> NoReturn:
        message = f"torch {torch.__version__} has no `{self._private.spoken}` ({self._what}), which compiling needs"
        raise ScriptkitError(f"{message}; install a torch that `scriptkit doctor` knows, or set SCRIPTKIT_DISABLE=1")

    def __call__(self, *_: object, **__: object) -> NoReturn:
        """Tell it instead of doing anything."""
        self._refuse()

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") and name.endswith("__"):  # questions of Python itself: copying, inspecting
            raise AttributeError(name)
        self._refuse()


def _at(path: str) -> Any:
    """A module or class of torch by its dotted name, `GONE` where there is none."""
    found: Any = torch
    names = path.split(".")[1:]
    for number, name in enumerate(names, 1):
        below = getattr(found, name, GONE)
        if below is GONE:
            try:
                below = importlib.import_module(".".join(("torch", *names[:number])))
            except ImportError:
                return GONE
        found = below
    return found


def found_for(what: str, private: PrivateName) -> Any:
    """The thing itself, what does the same, or what refuses."""
    value = private.value()
    if value is not GONE:
        return value
    if private.instead is not None or private.is_optional:
        return private.instead
    return Missing(what, private)
