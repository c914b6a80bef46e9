"""Every file of the corpus through `scriptkit.compile`, as a plain module: refused, or equal to eager, saved too."""

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from tools.compiled_corpus import judged

CORPUS = Path(__file__).parents[1] / "corpus"
CASES = [json.loads(line) for line in (CORPUS / "verdicts.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: Path(case["file"]).stem)
def test_refused_or_equal_to_eager(case: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcome, told = judged(CORPUS / case["file"])
    assert outcome != "different", told
    if case["kind"] == "positive":
        assert outcome in {"equal", "no module"}, told
