"""Every fix on an example of its own, and on every file of the corpus that it can repair."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from scriptkit.checking import check_source
from scriptkit.fixing import fix_file, fixed_text
from scriptkit.rules.examples import forward, model, program
from tests.rules.loading import load_file

CORPUS = Path(__file__).parent.parent / "corpus"
LAYERS = "self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])"

# what is repaired, and what becomes of the changed lines
REPAIRED = {
    "an annotation from a default": (
        forward("for i in range(n):\n    x = x + i\nreturn x", "x, n=2").replace("Tensor:", "Tensor:  # twice"),
        ["    def forward(self, x, n: int = 2) -> Tensor:  # twice"],
    ),
    "is not None for a module": (
        model("self.down = nn.Linear(2, 2)", "if self.down:\n    x = self.down(x)\nreturn x"),
        ["        if self.down is not None:"],
    ),
    "is None for the absence of a module": (
        model("self.down = nn.Linear(2, 2)", "if not self.down:\n    return x\nreturn self.down(x)"),
        ["        if self.down is None:"],
    ),
    "the whole truth value of an Optional number": (
        forward("if k:\n    x = x * k\nreturn x", "x: Tensor, k: Optional[int] = None"),
        ["        if k is not None and k != 0:"],
    ),
    "a local copy of an Optional attribute": (
        model(
            "self.bias = None",
            "# add it\nif self.bias is not None:\n    x = x + self.bias  # here\nreturn x",
            declared="bias: Optional[Tensor]",
        ),
        ["        bias = self.bias", "        if bias is not None:", "            x = x + bias  # here"],
    ),
    "a float accumulator": (
        forward("total = 0\nfor i in range(3):\n    total = total + x[i].mean().item()\nreturn total", returns="float"),
        ["        total = 0.0"],
    ),
    "iteration instead of an index": (
        model(LAYERS, "for i in range(len(self.layers)):\n    x = self.layers[i](x)\nreturn x"),
        ["        for layer in self.layers:", "            x = layer(x)"],
    ),
    "iteration over as many as the constructor counts": (
        model(
            "self.n = 3\nself.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])",
            "for i in range(self.n):\n    x = self.layers[i](x)\nreturn x",
        ),
        ["        for layer in self.layers:", "            x = layer(x)"],
    ),
    "a truth value beside another": (
        forward("if flag and k:\n    x = x * k\nreturn x", "x: Tensor, flag: bool, k: Optional[int]"),
        ["        if flag and k is not None and k != 0:"],
    ),
    "enumeration where the index is used": (
        model(LAYERS, "for i in range(len(self.layers)):\n    x = self.layers[i](x) * i\nreturn x"),
        ["        for i, layer in enumerate(self.layers):", "            x = layer(x) * i"],
    ),
    "torch's names of keywords": (
        forward("return torch.cat([x, x], axis=0).sum(dim=0, keepdims=True)"),
        ["        return torch.cat([x, x], dim=0).sum(dim=0, keepdim=True)"],
    ),
    "an annotation from the first element": (
        forward("sizes = []  # of rows\nsizes.append(x.size(0))\nreturn x * sizes[0]"),
        ["        sizes: List[int] = []  # of rows"],
    ),
    "an annotation of a dict from its first item": (
        forward('sizes = {}\nsizes["x"] = x.size(0)\nreturn x * sizes["x"]'),
        ["        sizes: Dict[str, int] = {}"],
    ),
    "a comparison with None by identity": (
        forward("if mask == None:\n    return x\nreturn x * 2", "x: Tensor, mask: Optional[Tensor] = None"),
        ["        if mask is None:"],
    ),
}
LEFT_ALONE = {
    "a default that tells no type": forward("return x[:n]", "x, n=None"),
    "an index over something else than all modules": model(
        LAYERS, "for i in range(2):\n    x = self.layers[i](x)\nreturn x"
    ),
    "an attribute that is assigned under its check": model(
        "self.bias = None",
        "if self.bias is not None:\n    x = x + self.bias\n    self.bias = None\nreturn x",
        declared="bias: Optional[Tensor]",
    ),
    "a container of modules as a condition": model(LAYERS, "if self.layers:\n    x = x + 1\nreturn x"),
    "a name that is taken": model(
        "self.bias = None",
        "bias = 2\nif self.bias is not None:\n    x = x + self.bias * bias\nreturn x",
        declared="bias: Optional[Tensor]",
    ),
    "a truth value that is negated": forward("if not k:\n    return x\nreturn x * 2", "x: Tensor, k: Optional[int]"),
    "a truth value that is kept": forward("found = bool(k)\nreturn x if found else -x", "x: Tensor, k: Optional[int]"),
    "an attribute whose number may be zero": model(
        "self.k = None", "if self.k:\n    return x\nreturn x * 2", declared="k: Optional[int]"
    ),
    "an Optional of what has no truth value": forward(
        "if pair:\n    return x\nreturn x * 2", "x: Tensor, pair: Optional[Tuple[int, int]]"
    ),
    "a list that gets pairs": forward("pairs = []\npairs.append((1, 'a'))\nreturn x"),
    "a default that is no number or text": forward("return x.view(size)", "x, size=(1, 2)"),
    "modules that are counted otherwise": model(
        "self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in 'abc'])",
        "for i in range(len('abc')):\n    x = self.layers[i](x)\nreturn x",
    ),
    "modules that are made twice": model(
        LAYERS + "\nself.layers = nn.ModuleList([nn.ReLU()])",
        "for i in range(3):\n    x = self.layers[i](x)\nreturn x",
    ),
    "code that compiles": forward("return x + 1"),
    "text that is no Python": "def f(:\n",
}


@pytest.mark.parametrize("what", REPAIRED)
def test_a_fix_changes_these_lines_only_and_the_result_compiles(what: str, tmp_path: Path) -> None:
    source, expected = REPAIRED[what]
    before = program(source)
    after = fixed_text(before, all_modules=True)
    old = before.splitlines()
    assert [line for line in after.splitlines() if line not in old] == expected
    assert [d for d in check_source(after, all_modules=True) if d.severity == "error"] == []
    assert fixed_text(after, all_modules=True) == after
    path = tmp_path / f"fixed_{abs(hash(what))}.py"
    path.write_text(after)
    compiled(load_file(path).Model())


@pytest.mark.parametrize("what", LEFT_ALONE)
def test_what_cannot_be_proved_is_left_alone(what: str) -> None:
    text = program(LEFT_ALONE[what])
    assert fixed_text(text, all_modules=True) == text


def corpus_files(kind: str) -> list[Any]:
    cases = [json.loads(line) for line in (CORPUS / "verdicts.jsonl").read_text().splitlines()]
    return [pytest.param(case["file"], id=Path(case["file"]).stem) for case in cases if case["kind"] == kind]


@pytest.mark.parametrize("file", corpus_files("negative"))
def test_a_repaired_file_of_the_corpus_compiles_and_computes_what_eager_did(file: str, tmp_path: Path) -> None:
    text = (CORPUS / file).read_text()
    better = fixed_text(text, all_modules=True)
    if better == text:
        return
    assert [d for d in check_source(better, all_modules=True) if d.severity == "error"] == []
    assert fixed_text(better, all_modules=True) == better
    original = load_file(CORPUS / file)
    eager = original.make()(*original.inputs())
    path = tmp_path / f"fixed_{Path(file).name}"
    path.write_text(better)
    repaired = load_file(path)
    assert same(compiled(repaired.make())(*repaired.inputs()), eager)


def same(a: Any, b: Any) -> bool:
    """Whether two results are equal, item by item."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def test_the_corpus_exercises_the_fixes() -> None:
    texts = [(CORPUS / case.values[0]).read_text() for case in corpus_files("negative")]
    assert sum(fixed_text(text, all_modules=True) != text for text in texts) >= 15


@pytest.mark.parametrize("file", corpus_files("positive"))
def test_a_file_that_compiles_is_left_alone(file: str) -> None:
    text = (CORPUS / file).read_text()
    assert fixed_text(text, all_modules=True) == text


def compiled(module: torch.nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(module)


# -- files --------------------------------------------------------------------

BAD = program(forward("return torch.cat([x, x], axis=0)"))


def test_a_file_is_written_in_its_encoding_with_its_line_ends_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    text = "# -*- coding: latin-1 -*-\n# é\n" + BAD
    path.write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    path.chmod(0o640)
    fix_file(str(path), all_modules=True)
    assert path.read_bytes() == text.replace("axis", "dim").replace("\n", "\r\n").encode("latin-1")
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_needs_no_repair_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(BAD.replace("axis", "dim"))
    before = path.stat().st_mtime_ns
    fix_file(str(path), all_modules=True)
    assert path.stat().st_mtime_ns == before
