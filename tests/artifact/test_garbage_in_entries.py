"""Files without a manifest whose entries hold something else than they should are refused, with a reason."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import ArtifactError


class Adds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(self.linear(x), 1)


@pytest.fixture(scope="module")
def entries() -> dict[str, bytes]:
    """What `torch.jit.save` writes, by name."""
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(Adds()), file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def load_with(entries: dict[str, bytes], suffix: str, change: Callable[[bytes], bytes]) -> None:
    [name] = [name for name in entries if name.endswith(suffix)]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for other, data in entries.items():
            archive.writestr(other, change(data) if other == name else data)
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has no manifest is known
        scriptkit.load(file, strict=False)


def test_the_untouched_file_loads(entries: dict[str, bytes]) -> None:
    load_with(entries, "/data.pkl", lambda data: data)


@pytest.mark.parametrize(
    ("suffix", "change", "says"),
    [
        (
            "test_garbage_in_entries.py",
            lambda text: text.replace(b"torch.add", b"torch.no_such"),
            "cannot load|no_such",
        ),
        ("test_garbage_in_entries.py", lambda text: text + b"\nprint(1)\n", "runs while the file is loaded|print"),
        ("test_garbage_in_entries.py", lambda text: text + b"\n)\n", "cannot be read"),
        ("/data.pkl", lambda data: data[:-10], "pickle|object tree|load"),
        ("/data.pkl", lambda _: b"", "pickle|object tree|load"),
        ("/data.pkl", lambda _: b"\x80\x02}.", "object tree|load"),
        ("/data.pkl", lambda _: b"\x80\x02" + b"(" * 5000 + b".", "pickle|object tree|load"),
    ],
    ids=["unknown operator", "a statement", "no Python", "cut", "empty", "a dictionary", "marks only"],
)
def test_a_changed_entry_is_refused_with_a_reason(
    entries: dict[str, bytes], suffix: str, change: Callable[[bytes], bytes], says: str
) -> None:
    with pytest.raises(ArtifactError, match=says) as caught:
        load_with(entries, suffix, change)
    assert "internal error" not in str(caught.value)
