"""Small model files for the fuzzers to begin with: `python -m tests.cpp.fuzzing.corpus FOLDER`."""

from __future__ import annotations

import json
import logging
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

from tests.cpp.models import cases
from tests.cpp.running import exported, saved

NEEDED = re.compile(r"(models/|data/(weights|constants)/|archive_format|byteorder)")
LARGEST = 24_000


def without_traces(content: bytes) -> bytes:
    """A program without what it says of the source, which the runtime only quotes."""
    program = json.loads(content)
    for node in program["graph_module"]["graph"]["nodes"]:
        node["metadata"] = {}
    return json.dumps(program, separators=(",", ":")).encode()


def shortened(path: Path) -> bytes:
    """The file with what a reader needs, and nothing else."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist() if NEEDED.search(name)}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, without_traces(content) if "/models/" in name else content)
    return path.read_bytes()


def write(folder: Path) -> None:
    """Model files, their texts, and the words that occur in them."""
    models, texts = folder / "models", folder / "texts"
    for made in (models, texts):
        made.mkdir(parents=True, exist_ok=True)
    words: set[str] = set()
    for name, case in cases().items():
        path = saved(exported(case), models / f"{name.replace(' ', '_')}.pt2")
        content = shortened(path)
        if len(content) > LARGEST:
            path.unlink()
        (texts / f"{path.stem}.zip").write_bytes(b"\x01" + content[:LARGEST])
        with zipfile.ZipFile(models / path.name) if path.exists() else zipfile.ZipFile(texts / "none", "w") as archive:
            for entry in archive.namelist():
                if entry.endswith(".json"):
                    text = archive.read(entry).decode()
                    words |= set(re.findall(r"[A-Za-z_][A-Za-z_.0-9]{2,40}", text))
                    (texts / f"{path.stem}.{Path(entry).name}").write_bytes(b"\x00" + text.encode()[:LARGEST])
    guards = ["L['x'] % 3 != 1", "2*L['x'] >= 1 + L['d']['k'][0] // 4 and not L['x'] == max(3, L['x'])"]
    for number, guard in enumerate(guards):
        (texts / f"guard{number}").write_bytes(b"\x02" + guard.encode())
    tree = {"left": {"op": "%", "args": [{"value": 0}, 4]}, "op": "==", "right": 0, "message": "m"}
    (texts / "tree").write_bytes(b"\x03" + json.dumps(tree).encode())
    leaf: dict[str, Any] = {"type": None, "context": None, "children_spec": []}
    spec = json.dumps([1, {"type": "builtins.dict", "context": '["a"]', "children_spec": [leaf]}])
    (texts / "spec").write_bytes(b"\x04" + spec.encode())
    (folder / "words").write_text("".join(f'"{word}"\n' for word in sorted(words)))


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    write(Path(sys.argv[1]))
