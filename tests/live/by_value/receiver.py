"""Run as a program, elsewhere: what was sent compiles at once, gives the same, and goes on from here."""

import importlib
import io
import sys
import traceback
from pathlib import Path
from typing import Any

import torch

import scriptkit


def try_one(library: Any, data: bytes, name: str) -> None:
    """One thing: called, saved as a file, sent again."""
    x, expected, state = torch.load(source / "expected.pt")
    module = library.loads(data)
    if name == "class":
        module = module()
        module.load_state_dict(state)
        assert torch.equal(module.twofold(x), 2 * module.fc(x))
    assert torch.equal(module(x), expected[name])
    assert scriptkit.is_compiled(module)
    assert not scriptkit.report(module).eager_calls
    file = io.BytesIO()
    scriptkit.save(module, file)
    file.seek(0)
    assert torch.equal(scriptkit.load(file)(x), expected[name])
    again = library.loads(library.dumps(module))
    assert torch.equal(again(x), expected[name])


if __name__ == "__main__":
    source = Path(sys.argv[1])
    for path in sorted(source.glob("*.*")):
        if path.suffix in {".pt", ".py"}:
            continue
        try:
            try_one(importlib.import_module(path.stem), path.read_bytes(), path.suffix[1:])
            sys.stdout.write(f"{path.name}: equal\n")
        except Exception:  # noqa: BLE001 - whatever it is, the test shows it
            sys.stdout.write(f"{path.name}: {traceback.format_exc()}\n")
