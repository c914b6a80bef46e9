"""The walls of the house: which room may import what, read from the import statements themselves."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools import imports as imports_tool
from tools.imports import Arrow

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
LEVELS = imports_tool.LEVELS
PURE = ("scriptkit.language", "scriptkit.rules")
JIT_ROOM = "scriptkit.engines.torchscript"
# the second engine has no twins and no trees: what it shows is plain data and functions, file by file
WHAT_AN_ENGINE_SHOWS = (
    *("scriptkit.engines.interface", "scriptkit.engines.torchscript.engine"),
    "scriptkit.engines.export",
)
# telling a compiled module from a Python one needs torch's own class
KNOWS_SCRIPT_MODULES = "scriptkit.live.programs"
DOORS = ("scriptkit.mypy", "scriptkit.cli", "scriptkit.testing", "scriptkit.lsp")
# the command that opens the last of them
OPENS = "scriptkit.cli.lsp"
TORCH_JIT = ("torch.jit", "torch._C", "torch._jit_internal")
PURE_LIBRARIES = {*sys.stdlib_module_names, "typing_extensions"}
BELOW_LANGUAGE = ("scriptkit.language", "scriptkit.diagnostics", "scriptkit.installed")


@dataclass(frozen=True)
class Use:
    """One file names one module, or something inside it."""

    by: str
    of: str
    line: int

    def inside(self, *rooms: str) -> bool:
        """The using file belongs to one of these rooms."""
        return within(self.by, *rooms)

    def touches(self, *rooms: str) -> bool:
        """The used name belongs to one of these rooms."""
        return within(self.of, *rooms)


def within(name: str, *rooms: str) -> bool:
    return any(name == room or name.startswith(room + ".") for room in rooms)


def imports(by: str, tree: ast.AST, *, package: str) -> Iterator[Use]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Use(by, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from (Use(by, f"{module}.{alias.name}", node.lineno) for alias in node.names)


def dotted_names(by: str, tree: ast.AST) -> Iterator[Use]:
    """`torch.jit.script`, written out: reaching a module through another one's attribute.

    An annotation names a type and touches nothing.
    """
    spoken = {id(part) for annotation in annotations_in(tree) for part in ast.walk(annotation)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in spoken:
            yield Use(by, ast.unparse(node), node.lineno)


def annotations_in(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.expr() as annotation):
                yield annotation
            case ast.FunctionDef(returns=ast.expr() as annotation):
                yield annotation


def uses_in(text: str, module: str, *, is_package: bool = False) -> list[Use]:
    tree = ast.parse(text)
    package = module if is_package else module.rpartition(".")[0]
    return [*imports(module, tree, package=package), *dotted_names(module, tree)]


def all_uses() -> list[Use]:
    found = []
    for file in sorted((ROOT / "scriptkit").rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found += uses_in(file.read_text(encoding="utf-8"), name, is_package=is_package)
    return found


def crossings(uses: list[Use]) -> list[str]:
    """Every use that goes through a wall, and which wall."""
    return [f"{use.by}:{use.line} uses {use.of}: {why}" for use in uses if (why := reason_against(use))]


EXPORT_FILES = tuple(f"scriptkit.engines.export.{name}" for name in ("torch_names", "older_torch", "control_flow"))
TORCH_EXPORT = ("torch.export", "torch._export", "torch._higher_order_ops", "torch.fx.experimental")


def reason_against(use: Use) -> str:
    if use.inside(*PURE) and use.touches("torch", "mypy"):
        return "language and rules import neither torch nor mypy"
    if use.touches(*TORCH_JIT) and not use.inside(JIT_ROOM, KNOWS_SCRIPT_MODULES):
        return f"only {JIT_ROOM} touches torch.jit"
    if use.touches("scriptkit.engines") and not (use.inside("scriptkit.engines") or use.touches(*WHAT_AN_ENGINE_SHOWS)):
        return "an engine is reached through its interface"
    if use.touches(*TORCH_EXPORT) and not use.inside(*EXPORT_FILES) and not use.of.endswith(".ExportedProgram"):
        return "only the engine's own file touches torch.export"
    if use.touches("mypy") and not use.inside("scriptkit.mypy"):
        return "only scriptkit.mypy imports mypy"
    if any(use.touches(door) and not use.inside(door, "scriptkit.__main__", OPENS) for door in DOORS):
        return "nothing imports a door"
    return ""


def test_no_file_crosses_a_wall() -> None:
    assert crossings(all_uses()) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Every import counts: at the top of a file, inside a function, for types only."""
    files = imports_tool.modules()
    assert imports_tool.circles(files, imports_tool.arrows(files)) == []


def test_every_import_goes_to_a_lower_level() -> None:
    files = imports_tool.modules()
    assert [name for name in files if imports_tool.level(name) is None] == []
    assert imports_tool.upward(imports_tool.arrows(files)) == []


def test_a_circle_and_an_arrow_upward_are_seen() -> None:
    """The test of the two tests above."""
    seen = [Arrow("scriptkit.live.a", "scriptkit.live.b", 1), Arrow("scriptkit.live.b", "scriptkit.live.a", 1)]
    files = dict.fromkeys(("scriptkit.live.a", "scriptkit.live.b"), ROOT)
    assert imports_tool.circles(files, seen) == [["scriptkit.live.a", "scriptkit.live.b"]]
    up = Arrow("scriptkit.engines.torchscript.x", "scriptkit.runtime.y", 3)
    beside = [
        Arrow("scriptkit.artifact.x", "scriptkit.authoring.y", 1),
        Arrow("scriptkit.authoring.y", "scriptkit.artifact.x", 2),
    ]
    assert imports_tool.upward([up, *beside]) == [up, *beside]
    room = "scriptkit.compiling.lowering"
    within = [Arrow(f"{room}.world.x", f"{room}.code.y", 1), Arrow(f"{room}.code.x", room, 2)]
    down = [Arrow(f"{room}.code.x", f"{room}.world.y", 1), Arrow(f"{room}.run", f"{room}.code.y", 2)]
    assert imports_tool.upward([*within, *down]) == within


def test_the_language_needs_the_standard_library_only() -> None:
    """`language` is TorchScript as a language; besides Python's own library it knows itself and the diagnostics."""
    foreign = {
        f"{use.by}:{use.line} {use.of}"
        for file in sorted((ROOT / "scriptkit/language").rglob("*.py"))
        for use in imports(
            f"scriptkit.language.{file.stem}", ast.parse(file.read_text("utf-8")), package="scriptkit.language"
        )
        if use.of.split(".")[0] not in PURE_LIBRARIES and not use.touches(*BELOW_LANGUAGE)
    }
    assert foreign == set()


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("scriptkit.language.types", "import torch"),
        ("scriptkit.language.types", "from torch import nn"),
        ("scriptkit.rules.some", "def f():\n    import mypy.nodes"),
        ("scriptkit.authoring.module", "import torch\ntorch.jit.script(int)"),
        ("scriptkit.authoring.module", "from torch import jit"),
        ("scriptkit.authoring.module", "import torch\ntorch._C.Graph"),
        ("scriptkit.compiling.plan", "from torch._jit_internal import export"),
        ("scriptkit.authoring.module", "import mypy.plugin"),
        ("scriptkit.authoring.module", "from scriptkit.cli import main"),
        ("scriptkit.authoring.module", "from ..cli import main"),
        ("scriptkit.verification", "from scriptkit import testing"),
        ("scriptkit.runtime.runtime", "from scriptkit.engines.torchscript.twin.twin import Twin"),
    ],
)
def test_a_crossing_is_seen(module: str, text: str) -> None:
    """The test of the test: each of these goes through a wall."""
    assert len(crossings(uses_in(text, module))) >= 1


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("scriptkit.language.types", "import ast\nfrom scriptkit.diagnostics import Diagnostic"),
        ("scriptkit.engines.torchscript.torch_names.private", "import torch\ntorch.jit.script(int)\ntorch._C.Graph"),
        (
            "scriptkit.authoring.module",
            "import torch\nfrom torch import nn\nfrom scriptkit.engines.torchscript.engine import files",
        ),
        ("scriptkit.artifact.writing", "import torch\ndef write(module: torch.jit.ScriptModule) -> None: ..."),
        ("scriptkit.mypy.plugin", "from mypy.plugin import Plugin\nfrom scriptkit.mypy.names import X"),
    ],
)
def test_an_open_way_is_left_alone(module: str, text: str) -> None:
    assert crossings(uses_in(text, module)) == []
