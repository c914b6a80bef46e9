"""Change model files in every way an attacker may, and load them: `python -m tools.fuzz_file --runs 20000`.

Structure-aware: entries, names, headers, pickles, code, debug records and manifest are changed one by one, and the
checksums made to fit, so that a change gets past them to what reads the entry. Each load runs in a child process with
limits. Bad is: code that ran, a death, a hang, an exception that is no ArtifactError, a module that is not what its
manifest says.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.artifact.container import Container, container_bytes
from scriptkit.artifact.manifest import MANIFEST_ENTRY
from scriptkit.errors import ArtifactError
from tools.fuzz_attacks import ENTRY_NAMES, IN_BODY, IN_CLASS, IN_HEAD, OWNED, PICKLES
from tools.fuzz_children import Limits, report, run_all

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(memory=3 << 30, seconds=30)
Contents = dict[str, bytes]


class Victim(ScriptableModule):
    """A model with every kind of attribute."""

    table: dict[str, Tensor]
    limit: int | None

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 3)
        self.blocks = nn.ModuleList([nn.Linear(3, 3), nn.LayerNorm(3)])
        self.register_buffer("steps", torch.arange(6).view(2, 3).t())
        self.table = {"a": torch.ones(2), "b": torch.zeros(1, dtype=torch.float16)}
        self.names, self.sizes, self.pair = ["x", "y"], [1, 2, 3], (1.5, "z")
        self.limit = None

    def forward(self, x: Tensor, scale: float = 2.0, name: str = "x") -> Tensor:
        """Use them all."""
        x = self.first(x) * scale
        for block in self.blocks:
            x = block(x)
        if name in self.names and self.limit is None:
            x = x + self.table["a"].sum() + torch.tensor([1.0, 2.0, 3.0])
        return x


class Seed(NamedTuple):
    """A file to change: its entries, and whether it has a manifest."""

    contents: Contents
    is_plain: bool


def seeds() -> list[Seed]:
    """A scripted and a traced model, and the scripted one as torch writes it."""
    scripted = scriptkit.to_torchscript(Victim().eval())
    traced = torch.jit.trace(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).eval(), torch.zeros(1, 1, 5, 5))
    found = []
    for module in (scripted, traced):
        stream = io.BytesIO()
        scriptkit.save(module, stream)
        container = Container(stream)
        found.append(Seed({name: container.read(name) for name in container.entries}, is_plain=False))
    plain = {name: data for name, data in found[0].contents.items() if name != MANIFEST_ENTRY}
    return [*found, Seed(plain, is_plain=True)]


# -- changes -----------------------------------------------------------------------


def change_code(contents: Contents, dice: random.Random) -> None:
    """Put an attack into code, or change some of its characters or lines."""
    name = dice.choice([name for name in contents if name.endswith(".py")])
    lines = contents[name].split(b"\n")
    kind = dice.randrange(7)
    if kind == 0:
        heads = [place for place, line in enumerate(lines) if line.startswith(b"  def ")]
        lines[dice.choice(heads or [0]) : 0] = dice.choice(IN_CLASS).encode().split(b"\n")
    elif kind == 1:
        bodies = [place for place, line in enumerate(lines) if line.startswith(b"    ") and b"=" in line]
        lines[dice.choice(bodies or [0]) : 0] = dice.choice(IN_BODY).encode().split(b"\n")
    elif kind == 2:  # noqa: PLR2004 - the kinds are numbered
        old, new = dice.choice(IN_HEAD)
        contents[name] = contents[name].replace(old.encode(), new.encode(), 1)
        return
    elif kind == 3:  # noqa: PLR2004
        place = dice.randrange(len(lines))
        lines[place] = lines[dice.randrange(len(lines))]
    elif kind == 4:  # noqa: PLR2004
        del lines[dice.randrange(len(lines))]
    elif kind == 5:  # noqa: PLR2004
        place = dice.randrange(len(lines))
        lines[place] = b" " * dice.randrange(5) + lines[place].lstrip()
    contents[name] = b"\n".join(lines)
    if kind == 6:  # noqa: PLR2004
        contents[name] = with_bytes(
            contents[name], dice, b"\f\t\r\v\0#;\\\"'()[]{}:=.,@!~`$?*-+ \xc3\xa9" + bytes(range(33))
        )


def change_pickle(contents: Contents, dice: random.Random) -> None:
    """Change numbers, names or instructions of the objects, the constants or the debug records."""
    pickles = [name for name in contents if name.endswith("pkl")]
    name = "data.pkl" if "data.pkl" in contents and dice.random() < 0.5 else dice.choice(pickles)  # noqa: PLR2004
    data = bytearray(contents[name])
    kind = dice.randrange(5)
    if kind == 0:
        contents[name] = dice.choice(PICKLES)
        return
    if kind == 1:
        old, new = dice.choice(
            [
                (b"collections\nOrderedDict", b"posix\nsystem"),
                (b"FloatStorage", b"DoubleStorage"),
                (b"K\x04", b"J\xff\xff\xff\x7f"),
                (b"K\x03", b"K\xff"),
                (b"cpu", b"cud"),
                (b"List[int]", b"List[str]"),
                (b"build_intlist", b"build_tensorlist"),
                (b"\x88", b"\x89"),
                (b"tQ", b"tQ0"),
                (b"N", b"K\x01"),
                (b"linear\nLinear", b"linear\nLinea2"),
            ]
        )
        place = data.find(old, dice.randrange(max(len(data), 1)))
        if place >= 0:
            data[place : place + len(old)] = new
        contents[name] = bytes(data)
        return
    contents[name] = with_bytes(
        bytes(data), dice, b"()]}.tRbQNqhjrcXKMJG\x85\x86\x87\x88\x89\x8a\x80\x81eu" + bytes(range(256))
    )


def with_bytes(data: bytes, dice: random.Random, alphabet: bytes) -> bytes:
    """A few bytes replaced, inserted or removed."""
    changed = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 2, 5])):
        place = dice.randrange(len(changed) + 1)
        count = dice.choice([0, 1, 1, 2, 8])
        changed[place : place + count] = bytes(dice.choices(alphabet, k=dice.choice([0, 1, 1, 2, 8])))
    return bytes(changed)


def change_names(contents: Contents, dice: random.Random) -> None:
    """Rename, add or remove an entry."""
    name = dice.choice([name for name in contents if name != MANIFEST_ENTRY])
    kind = dice.randrange(4)
    if kind == 0:
        del contents[name]
    elif kind == 1:
        contents[dice.choice([name.upper(), name.title(), name + "/", "./" + name, name.swapcase()])] = contents[name]
    elif kind == 2:  # noqa: PLR2004
        contents[dice.choice(ENTRY_NAMES)] = contents[name]
    else:
        contents[dice.choice(ENTRY_NAMES)] = contents.pop(name)


def change_small(contents: Contents, dice: random.Random) -> None:
    """Change the format, the byte order or the size of a tensor's entry."""
    name = dice.choice([name for name in contents if name.startswith(("data/", "version", "byteorder", "constants/"))])
    contents[name] = dice.choice(
        [b"", b"9" * 5000, b"11\n", b"-1\n", b"3", b"big", b"\0", contents[name] + b"\0", contents[name][:-1]]
    )


def change_manifest(manifest: dict[str, Any], dice: random.Random) -> None:
    """Change a value anywhere in the manifest to one of another kind, or to another of its kind."""
    holder: Any = manifest
    for _ in range(dice.randrange(1, 5)):
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        if not keys:
            return
        key = dice.choice(list(keys))
        if not isinstance(holder[key], (dict, list)) or dice.random() < 0.2:  # noqa: PLR2004
            holder[key] = dice.choice(
                [None, True, 0, -1, 10**30, 1e300, "", "x", "é\0", [], {}, ["x"], {"x": 1}, "9" * 5000, not holder[key]]
            )
            return
        holder = holder[key]


CHANGES: list[Callable[[Contents, random.Random], None]] = [
    *[change_code] * 5,
    *[change_pickle] * 5,
    change_names,
    change_small,
]


def changed_file(seed: Seed, dice: random.Random) -> bytes:
    """A file with changes whose checksums fit; sometimes the container itself is changed."""
    contents = dict(seed.contents)
    manifest = None if seed.is_plain else json.loads(contents.pop(MANIFEST_ENTRY))
    for _ in range(dice.choice([0, 1, 1, 1, 2])):
        dice.choice(CHANGES)(contents, dice)
    if manifest is not None:
        manifest["checksums"] = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
        if dice.random() < 0.3:  # noqa: PLR2004
            change_manifest(manifest, dice)
        contents[MANIFEST_ENTRY] = json.dumps(manifest).encode()
        if dice.random() < 0.05:  # noqa: PLR2004
            contents[MANIFEST_ENTRY] = with_bytes(contents[MANIFEST_ENTRY], dice, b'{}[]",:0e\\u\xff')
    if dice.random() < 0.1:  # noqa: PLR2004
        entries = list(contents.items())
        dice.shuffle(entries)
        contents = dict(entries)
    data = container_bytes(contents)
    return with_bytes(data, dice, bytes(range(256))) if dice.random() < 0.1 else data  # noqa: PLR2004


# -- loading --------------------------------------------------------------------------


def loaded(data: bytes, dice: random.Random, *, is_plain: bool) -> str:
    """Load a file from memory or from disk, and compare what was loaded with what it says."""
    source: Any = io.BytesIO(data)
    if dice.random() < 0.5:  # noqa: PLR2004
        source = Path("model.pt")
        source.write_bytes(data)
    try:
        module = scriptkit.load(source, strict=not is_plain)
        outcome = "loaded" if is_plain else contradiction(module)
    except ArtifactError as error:
        outcome = "BAD words: " + str(error) if "internal error" in str(error) else "refused"
    if Path(OWNED).exists():
        Path(OWNED).unlink()
        return "BAD execution: code of the file ran"
    return outcome


def contradiction(module: scriptkit.LoadedModule) -> str:
    """Whether the loaded module is what its manifest says."""
    manifest = module.manifest
    state = module.module.state_dict()
    for path, tensor in manifest.tensors.items():
        found = state.get(path)
        if found is not None:
            raw = bytes(found.untyped_storage().tolist())
            is_same = list(found.shape) == tensor.shape and str(found.dtype) == f"torch.{tensor.dtype}"
            if not is_same or hashlib.sha256(raw).hexdigest() != manifest.checksums[tensor.entry]:
                return f"BAD contradiction: {path}"
    if not set(state) <= set(manifest.tensors):
        return "BAD contradiction: a tensor is not in the manifest"
    if manifest.training != bool(module.module.training):
        return "BAD contradiction: training"
    return "loaded"


def main(arguments: list[str] | None = None) -> int:
    """Fuzz, and tell how the loads ended."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz_file", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first run; each run is its own seed")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    found = seeds()
    for seed in found:  # what is not changed loads
        outcome = loaded(container_bytes(seed.contents), random.Random(0), is_plain=seed.is_plain)  # noqa: S311
        if outcome != "loaded":
            raise SystemExit(f"a file that nobody changed does not load: {outcome}")

    def run(number: int) -> str:
        dice = random.Random(number)  # noqa: S311 - repeatable
        seed = dice.choice(found)
        return loaded(changed_file(seed, dice), dice, is_plain=seed.is_plain)

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        counts, failures = run_all(range(options.first, options.first + options.runs), run, LIMITS)
        os.chdir("/")
    return report("fuzz_file", counts, failures)


if __name__ == "__main__":
    sys.exit(main())
