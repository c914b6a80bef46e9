"""432 small model files with the compiler's verdict: what it refuses is found, what it compiles is spared."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scriptkit.checking import check_source
from scriptkit.diagnostics import Diagnostic
from scriptkit.language import versions
from scriptkit.rules import explain_raw
from tests.rules.loading import load_file

CORPUS = Path(__file__).parent.parent / "corpus"
RECORDS = [json.loads(line) for line in (CORPUS / "verdicts.jsonl").read_text().splitlines()]
CASES = [case for case in RECORDS if versions.holds(case.get("since", ""), case.get("until", ""))]
NEGATIVE = [case for case in CASES if case["kind"] == "negative"]
POSITIVE = [pytest.param(case["file"], id=Path(case["file"]).stem) for case in CASES if case["kind"] == "positive"]

# why no rule finds these
MISSED = {
    "cases/mm_int_overflow.py": "whether a product in a loop leaves 64 bits depends on the inputs",
    "cases/seed003_int_float_join.py": "a function that no class calls: only its caller scripts it",
    "cases/seed003_none_then_tensor.py": "a function that no class calls",
    "cases/seed002_unannotated_optional_arg.py": "a warning: it fails for callers that leave the argument out",
}
UNEXPLAINED = {
    "cases/seed002_unannotated_optional_arg.py": "the operator's own words, at run time",
    "cases/script_class_untyped_init.py": "the words of several mistakes",
}


@cache
def errors(file: str) -> list[Diagnostic]:
    found = check_source((CORPUS / file).read_text(), path=file, all_modules=True)
    return [finding for finding in found if finding.severity == "error"]


@pytest.mark.parametrize("file", POSITIVE)
def test_a_file_that_compiles_has_no_error(file: str) -> None:
    assert errors(file) == []


def test_nearly_every_refused_file_has_an_error() -> None:
    missed = {case["file"] for case in NEGATIVE if not errors(case["file"])}
    assert missed <= set(MISSED)


def test_nine_of_ten_errors_are_on_the_line_of_the_culprit_or_the_one_torch_blames() -> None:
    hits = 0
    for case in NEGATIVE:
        lines = {*case["culprit"], case["error_line"]} - {None}
        found = errors(case["file"])
        hits += bool(found) and (not lines or any(d.line in lines for d in found))
    assert hits >= 0.9 * len(NEGATIVE)


REFUSED = [
    pytest.param(case["file"], id=Path(case["file"]).stem)
    for case in NEGATIVE
    if case["verdict"] in ("reject", "runtime_error") and case["file"] not in UNEXPLAINED
]


@pytest.mark.parametrize("file", REFUSED)
def test_a_raw_error_is_explained_by_exactly_one_rule(file: str) -> None:
    assert explain_raw(refusal(CORPUS / file)) is not None


def refusal(path: Path) -> str:
    """What torch says of a file of the corpus."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            names: dict[str, Any] = vars(load_file(path))
            torch.jit.script(names["make"]())(*names["inputs"]())
        except Exception as error:  # noqa: BLE001 - nine types occur
            return str(error)
    raise AssertionError(f"torch accepts {path.name}")
