"""What contributors and reporters are asked for: templates, hooks, the check of a release."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.packaging.environment import ROOT

TEMPLATES = [file for file in sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")) if file.stem != "config"]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.stem)
def test_an_issue_asks_for_the_versions_and_the_report(template: Path) -> None:
    form = yaml.safe_load(template.read_text(encoding="utf-8"))
    assert {"name", "description", "labels", "body"} <= set(form)
    fields = {part["id"]: part for part in form["body"] if part["type"] != "markdown"}
    assert "scriptkit doctor" in fields["doctor"]["attributes"]["label"]
    assert fields["doctor"]["validations"]["required"]
    assert "scriptkit.report(module)" in fields["report"]["attributes"]["label"]
    assert fields["model"]["validations"]["required"]


def test_a_report_of_a_vulnerability_has_a_way_of_its_own() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "Report a vulnerability" in text
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists()


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_of_our_own_runs_a_program_that_make_installs(hook: dict[str, Any]) -> None:
    program, *arguments = shlex.split(hook["entry"])
    assert (ROOT / program).exists()
    assert hook["language"] == "system"
    if arguments[:1] == ["-m"]:
        assert subprocess.run([ROOT / program, *arguments, "--help"], cwd=ROOT, check=False).returncode in {0, 1}


def test_a_release_is_built_checked_installed_apart_and_demonstrated() -> None:
    command = ["make", "--dry-run", "--old-file=.venv/ready", "release-check"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    steps = ("hatchling build", "twine check --strict", "-m venv", "pip install", "examples.demo", "scriptkit doctor")
    places = [told.index(step) for step in steps]
    assert places == sorted(places)
