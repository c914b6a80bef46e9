"""The same findings at every door: every example of every rule through mypy, the command and the class statement."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import warnings
from typing import TYPE_CHECKING

import pytest
import torch

from scriptkit.checking import Selection, check_class
from scriptkit.checking.paths import check_files
from scriptkit.rules import Rule, all_rules
from scriptkit.rules.examples import program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.mypy.project import Project

Place = tuple[str, int, str]  # file, line, rule


def examples() -> Iterator[tuple[str, Rule, str]]:
    """A file name, the rule and the text of every example."""
    for rule in all_rules():
        sources = [*rule.VALID, *(invalid.source for invalid in rule.INVALID)]
        for number, source in enumerate(sources):
            yield f"{rule.name.replace('-', '_')}_{number}", rule, program(source)


def selected() -> tuple[str, ...]:
    """Every rule, also those that are off by default."""
    return ("ALL", *(rule.name for rule in all_rules() if rule.optional or rule.engine == "export"))


def by_command(project: Project, *, all_modules: bool) -> set[Place]:
    files = sorted(path.name for path in project.folder.glob("*.py"))
    found = check_files(files, Selection(selected()), all_modules=all_modules)
    return {(d.path, d.line, d.name) for findings in found for d in findings}


def by_mypy(project: Project) -> set[Place]:
    found = project.check("--ignore-missing-imports")
    return {(f.path, f.line, f.code.removeprefix("scriptkit-")) for f in found if f.code.startswith("scriptkit")}


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Examples run as their files are imported: their classes must not raise, and torch may warn."""
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def classes_of(path: Path) -> Iterator[type]:
    """The modules that a file defines."""
    name = f"door_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    with contextlib.suppress(Exception):  # torch refuses some as the file is read
        spec.loader.exec_module(module)
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == name and issubclass(value, torch.nn.Module):
            yield value


def by_class_statement(folder: Path) -> set[Place]:
    classes = [cls for path in sorted(folder.glob("*.py")) for cls in classes_of(path)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRIPTKIT_CHECK", "error")
        return {(d.path.rpartition("/")[2], d.line, d.name) for cls in classes for d in check_class(cls)}


REFUSED_AS_READ = {"dataclass_limits_1.py"}  # `@torch.jit.script` stands above the class: there is no class to ask


@pytest.mark.slow
@pytest.mark.usefixtures("_quiet")
def test_all_doors_agree_on_every_example_of_every_rule(project: Project) -> None:
    """The class statement speaks of a `ScriptableModule`, where rules of what scriptkit makes work are silent."""
    silent = {rule.name for rule in all_rules() if rule.lifted or rule.optional or rule.engine == "export"}
    project.settings = f"all_modules = true\nselect = {list(selected())!r}\n"
    project.write(**{name: text for name, _, text in examples()})
    found = by_mypy(project)
    assert found == by_command(project, all_modules=True)
    assert {name for _, _, name in found} >= {rule.name for rule in all_rules() if rule.INVALID and rule.holds()}
    spoken = {place for place in found if place[2] not in silent and place[0] not in REFUSED_AS_READ}
    assert {place for place in by_class_statement(project.folder) if place[2] not in silent} == spoken
