"""`scriptkit new`: a first scriptable module and its test."""

from __future__ import annotations

import keyword
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template

import click

MODEL = Template('''\
"""${words}: say here what it computes."""

import torch
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule


class ${name}(ScriptableModule):
    """Maps vectors of `inputs` numbers to `outputs` numbers, through `depth` hidden layers."""

    depth: Final[int]  # a constant to the compiler: it may decide a branch or count a loop

    def __init__(self, inputs: int, outputs: int, depth: int = 2) -> None:
        super().__init__()
        self.depth = depth
        self.layers = nn.ModuleList([nn.Linear(inputs, inputs) for _ in range(depth)])
        self.head = nn.Linear(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """From [batch, inputs] to [batch, outputs]."""
        for layer in self.layers:
            x = x + torch.relu(layer(x))
        return self.head(x)
''')
TEST = Template('''\
"""${name} compiles, and computes the same as Python, compiled, and saved and loaded."""

import torch
from scriptkit.testing import Form, assert_scriptable

from ${module} import ${name}


def test_it_is_scriptable() -> None:
    assert_scriptable(${name}(4, 2), (torch.rand(3, 4),), wrong_inputs=[(torch.rand(3, 5),)])


def test_one_row_does_not_change_another(scriptkit_form: Form) -> None:
    net, x = scriptkit_form(${name}(4, 2)), torch.rand(3, 4)
    torch.testing.assert_close(net(x)[1:], net(x[1:]))
''')


@dataclass(frozen=True)
class Names:
    """What MODULE means: the file, the name to import it by, and the class in it."""

    file: Path
    module: str

    @property
    def class_name(self) -> str:
        """`sparse_encoder` in CamelCase."""
        return "".join(part[:1].upper() + part[1:] for part in self.stem.split("_"))

    @property
    def stem(self) -> str:
        """The last part of the module's name."""
        return self.module.rpartition(".")[2]

    @property
    def test(self) -> Path:
        """In `tests/`, where there is such a folder."""
        folder = Path("tests") if Path("tests").is_dir() else Path()
        return folder / f"test_{self.stem}.py"


@click.command("new")
@click.argument("module")
def command(module: str) -> None:
    """Write a small typed ScriptableModule and its test.

    MODULE is a name (`encoder`, `package.encoder`) or a file (`src/package/encoder.py`). Nothing is overwritten.
    """
    names = _names(module)
    taken = [path for path in (names.file, names.test) if path.exists()]
    if taken:
        click.echo(f"error: `{taken[0]}` exists; nothing was written", err=True)
        sys.exit(2)
    words = {"name": names.class_name, "module": names.module, "words": names.stem.replace("_", " ").capitalize()}
    for path, template in ((names.file, MODEL), (names.test, TEST)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(template.substitute(words), encoding="utf-8")
        click.echo(path)
    click.echo(f"run the test with `python -m pytest {names.test}`", err=True)


def _names(module: str) -> Names:
    parts = Path(module).with_suffix("").parts if module.endswith(".py") else tuple(module.split("."))
    importable = parts[1:] if parts[:1] == ("src",) else parts
    if not importable or not all(part.isidentifier() and not keyword.iskeyword(part) for part in importable):
        raise click.UsageError(f"`{module}` is no name of a module; `encoder` or `package.encoder` is one")
    return Names(Path(*parts).with_suffix(".py"), ".".join(importable))
