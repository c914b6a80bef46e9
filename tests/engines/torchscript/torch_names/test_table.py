"""The whole table of torch's private names: each is there, or has a way on; and no private name stands elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import scriptkit
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.torch_names.table import PRIVATE_NAMES, look_up
from scriptkit.errors import ScriptkitError
from scriptkit.live.private_names import GONE, Missing, PrivateName, found_for
from scriptkit.live.torch_names import LIVE_NAMES

ROOT = Path(__file__).parent.parent.parent.parent.parent
ENGINE = ROOT / "scriptkit/engines/torchscript"
FILES = sorted(ENGINE.rglob("*.py"))
HOUSE = ROOT / "scriptkit"
TABLES = {
    ENGINE / "torch_names/table.py",
    HOUSE / "live/torch_names.py",
    HOUSE / "engines/export/torch_names.py",
    HOUSE / "engines/export/older_torch.py",
}
ROWS = [pytest.param(what, row, id=what) for table in (PRIVATE_NAMES, LIVE_NAMES) for what, row in table.items()]
# of torch.nn.Module and of Python: as good as public
DICTIONARIES = {"_getframe", "_modules", "_parameters", "_buffers", "_is_full_backward_hook"}
NAMES = {name for row in PRIVATE_NAMES.values() for name in (row.name, row.spare)}


def unlike() -> None:
    """Something to be marked."""


@pytest.mark.parametrize(("what", "row"), ROWS)
def test_the_installed_torch_has_the_name_or_what_does_the_same(what: str, row: PrivateName) -> None:
    if row.of_instances:
        compiled, marked = torch.jit.script(nn.Linear(1, 1)), torch.jit.export(unlike)
        assert hasattr(marked if row.holder == "torch.jit.export" else compiled, row.name)
        return
    found = found_for(what, row)
    assert not isinstance(found, Missing), f"{row.spoken} is gone, and nothing stands in for it"
    assert found is row.value() or (row.value() is GONE and found is row.instead)


@pytest.mark.parametrize(("what", "row"), ROWS)
def test_without_the_name_there_is_a_way_on_or_a_refusal_that_names_it(what: str, row: PrivateName) -> None:
    gone = replace(row, name=f"{row.name}_of_another_torch", spare="", of_instances=False)
    assert not gone.exists
    found = found_for(what, gone)
    if row.instead is not None or row.is_optional:
        assert found is row.instead
        return
    words = re.escape(f"has no `{gone.spoken}` ({what}), which compiling needs")
    with pytest.raises(ScriptkitError, match=words):
        found(3)
    with pytest.raises(ScriptkitError, match=words):
        _ = found.some_attribute


def test_a_module_of_torch_that_is_gone_is_like_its_names() -> None:
    row = PrivateName("torch.jit._no_such_module.below", "name")
    assert not row.exists
    with pytest.raises(ScriptkitError, match=r"`torch\.jit\._no_such_module\.below\.name`"):
        found_for("something", row)()


def test_a_name_that_other_versions_spell_otherwise_is_found_under_that() -> None:
    row = PrivateName("torch.jit._state", "_no_such_name", spare="_python_cu")
    assert row.exists
    assert found_for("something", row) is torch.jit._state._python_cu


def test_without_a_name_of_the_compiler_the_public_door_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert private.has_private_names()
    assert private.is_complete()
    monkeypatch.setitem(PRIVATE_NAMES, "method stub", replace(PRIVATE_NAMES["method stub"], name="_gone"))
    assert not private.has_private_names()


@pytest.mark.parametrize("what", [what for what, row in PRIVATE_NAMES.items() if row.instead is not None])
def test_what_does_the_same_does_so_where_nothing_is_unusual(what: str) -> None:
    """Of both, what each gives; a name that only makes torch quieter or programs smaller gives nothing at all."""
    row = PRIVATE_NAMES[what]
    instead: Any = row.instead
    if what in {"tracing state", "autocast state"}:
        assert bool(instead()) == bool(look_up(what)()) is False
        with torch.autocast("cpu"):
            assert bool(instead()) == bool(look_up(what)()) is (what == "autocast state")
    elif what == "object of TorchScript":
        assert instead(3) == look_up(what)(3) is False
    elif what == "operators of a program":
        with pytest.raises(RuntimeError):
            instead(None)
    elif what == "no function of its own":
        assert instead is look_up(what)
    elif what == "a call with other tensors":
        assert instead.__code__ is torch.func.functional_call.__code__
    else:
        assert instead() is instead(0) is None


def test_operators_are_read_from_graphs_where_torch_lists_none(monkeypatch: pytest.MonkeyPatch) -> None:
    from scriptkit.engines.torchscript.programs import files

    form = scriptkit.to_torchscript(scriptkit.compile(nn.Linear(4, 2), (torch.rand(1, 4),)))
    listed = files.operator_names(form)
    monkeypatch.setattr(files, "_operators_of", PRIVATE_NAMES["operators of a program"].instead)
    assert files.operator_names(form) == listed != []


def private_uses(file: Path) -> Iterator[str]:
    """Private names of torch that a file writes out: imported, or reached through one of its modules."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "torch":
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Attribute) and ast.unparse(node).startswith("torch."):
            names = ast.unparse(node).split(".")
        else:
            continue
        if any(name.startswith("_") and not name.startswith("__") for name in names):
            yield f"{file.relative_to(ROOT)}:{node.lineno} {'.'.join(names)}"


# what is reached where it lies: a module of torch whose own variable is exchanged for a while, files whose frames a
# probe passes over, the call of a module, which torch's own wrappers replace
REACHED = {
    "recording.py": ("torch.jit._trace",),
    "type_store.py": ("torch.jit._recursive",),
    "overloads.py": ("torch.jit._recursive",),
    "notices.py": ("torch.jit._check._recursive._script",),  # the three of them: what they take for `warnings`
    "probe.py": ("torch._tensor.overrides", "torch.utils._contextlib"),
    "runtime.py": ("torch.nn.Module._call_impl",),
}
DOCUMENTED = "torch._check"


def test_no_file_writes_a_private_name_of_torch_but_the_tables() -> None:
    outside = [use for file in HOUSE.rglob("*.py") if file not in TABLES for use in private_uses(file)]
    unlisted = [use for use in outside if use.split()[1] not in REACHED.get(use.split(":")[0].split("/")[-1], ())]
    assert [use for use in unlisted if use.split()[1] != DOCUMENTED] == []


def test_every_private_member_that_the_engine_asks_of_compiled_objects_is_in_the_table() -> None:
    """An object of ours keeps its private names to itself; those of `cpp`, `module._c` and the like are torch's."""
    owned = {
        target.attr if isinstance(target, ast.Attribute) else getattr(target, "name", "")
        for file in FILES
        for target in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(target, (ast.FunctionDef, ast.ClassDef))
        or (isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self")
    }
    asked = {
        f"{file.name}: {node.attr}"
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and re.match(r"_[a-z]", node.attr) and node.attr not in owned
    }
    assert {use for use in asked if use.split(": ")[1] not in NAMES | DICTIONARIES} == set()
