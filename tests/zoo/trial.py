"""One model of the zoo: compile it, save it, load it, and compare both forms with eager on both inputs."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import scriptkit
from scriptkit.engines.torchscript.programs import files
from scriptkit.live.comparison import compare
from scriptkit.live.nested import flatten
from scriptkit.live.restoring import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.zoo.catalogue import Arguments, Entry
    from tests.zoo.figures import Figures


PACKAGES = Path(__file__).parents[2] / ".venv" / "zoo" / "site-packages"
"""Where `make` puts the packages of `packages.txt`, with the Python of `.venv`."""


def packages_fit() -> bool:
    """Whether they are there, and this is the Python that they were built for."""
    made_by = PACKAGES.parents[1] / "pyvenv.cfg"
    if not PACKAGES.is_dir() or not made_by.is_file():
        return False
    version = ".".join(map(str, sys.version_info[:2]))
    return f"\nversion = {version}." in made_by.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Outcome:
    """`status`: right, refuses the second input, refused, wrong, or an error; `why` says more."""

    name: str
    status: str
    mode: str = ""
    why: str = ""
    figures: Figures | None = None


def outcome(entry: Entry, examine: Callable[..., Figures] | None = None) -> Outcome:
    """What becomes of a model; nothing is raised but what the model itself raises.

    `examine` looks further at those that are right: it gets the model, the file and both inputs.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other people's code warns of what it likes
        torch.manual_seed(1)
        model = entry.make().eval()
        try:
            compiled = scriptkit.compile(model, entry.first())
            data = files.serialise(scriptkit.to_torchscript(compiled))
            loaded = files.load_bytes(data, None)
        except scriptkit.ScriptkitError as error:
            return Outcome(entry.name, "refused", why=_wall(error))
        row = scriptkit.report(compiled).rows[0]
        for inputs in (entry.first(), entry.second()):
            for status, why in _compared(model, (compiled, loaded), inputs):
                return Outcome(entry.name, status, row.mode, why)
        inputs = entry.first(), entry.second()
        return Outcome(entry.name, "right", row.mode, row.reason, examine(model, data, inputs) if examine else None)


def _compared(model: torch.nn.Module, forms: tuple[Any, Any], inputs: Arguments) -> Iterator[tuple[str, str]]:
    with torch.no_grad():
        torch.manual_seed(5)
        expected = model(*inputs)
        for form in forms:
            torch.manual_seed(5)
            try:
                actual = form(*inputs)
            except Exception as error:  # noqa: BLE001 - whatever it raises is no wrong number
                words = str(error).strip().splitlines()[-1]
                is_check = "scriptkit trace check" in words or "traced for" in words or "lowered for" in words
                yield ("refuses the second input" if is_check else "error"), words
                continue
            found = compare(plain(expected), plain(restored(flatten(expected)[1], actual)))
            if found:
                yield "wrong", f"{found[0].path}: {found[0].what}"


def plain(value: Any) -> Any:
    """A result as TorchScript has it, which knows one kind of mapping."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    return value


def _wall(error: scriptkit.ScriptkitError) -> str:
    """Where the next wall stands: the line, and what is said of it."""
    diagnostics = getattr(error, "diagnostics", None)
    if diagnostics:
        first = diagnostics[0]
        return f"{first.path.rpartition('/')[2]}:{first.line}: {first.message}"
    return str(error).splitlines()[0]
