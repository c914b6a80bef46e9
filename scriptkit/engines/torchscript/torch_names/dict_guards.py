"""The guards with which torch.compile notices a written dictionary."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.errors import ScriptkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Guards = look_up("guards of dictionaries")


def unwritten_from_now(dictionaries: Sequence[dict[Any, Any]]) -> Callable[[], bool] | None:
    """A function that says whether none was written since; None where this torch cannot tell.

    A value that was written over itself counts as written. Nothing is imported for it: `torch._dynamo` takes a second.
    """
    dynamo: Any = sys.modules.get("torch._dynamo.guards")
    if dynamo is None:
        return None
    held = tuple(dictionaries)
    try:
        kind = dynamo.GuardManagerType.GUARD_MANAGER
        root = _Guards()
        for number, dictionary in enumerate(held):
            manager = root.tuple_getitem_manager(number, f"dictionary {number}", dictionary, kind)
            manager.add_dict_version_guard(dictionary, ["is unwritten"], None)
        check: Callable[[object], bool] = root.check
        assert check(held)  # noqa: S101 - a guard that does not hold at once means something else than is thought here
    except (AttributeError, TypeError, RuntimeError, AssertionError, ScriptkitError):
        return None
    return functools.partial(check, held)
