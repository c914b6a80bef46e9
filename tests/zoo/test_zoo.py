"""Other people's models compile, and give on both inputs, also after loading, what they give eagerly.

`SCRIPTKIT_ZOO=quick` runs some, `SCRIPTKIT_ZOO=all` all of them, and then a missing package is an error; without it,
those whose packages happen to be installed run. `tests/zoo/packages.txt` says what to install.
"""

from __future__ import annotations

import importlib.util
import os
import warnings
from typing import Any

import pytest
import torch

import scriptkit
from scriptkit.compiling.comparison import compare
from scriptkit.compiling.structure import flatten
from scriptkit.compiling.wrapper import restored
from scriptkit.engines.torchscript import files
from tests.zoo.catalogue import CATALOGUE, Entry

SELECTED = os.environ.get("SCRIPTKIT_ZOO", "")
ENTRIES = [entry for entry in CATALOGUE if entry.is_quick or SELECTED == "all"]


def test_the_catalogue_has_enough_models() -> None:
    assert len(CATALOGUE) >= 60
    assert sum(entry.is_quick for entry in CATALOGUE) >= 20


@pytest.mark.filterwarnings("ignore")  # other people's code warns of what it likes
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_model_of_other_people_is_right_on_both_inputs_and_after_loading(entry: Entry) -> None:
    if not SELECTED and importlib.util.find_spec(entry.package) is None:
        pytest.skip(f"{entry.package} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = entry.make().eval()
    compiled = scriptkit.compile(model, entry.first())
    assert all(row.reason for row in scriptkit.report(compiled).rows)
    loaded = files.load_bytes(files.serialise(scriptkit.to_torchscript(compiled)), None)
    for inputs, may_refuse in ((entry.first(), False), (entry.second(), entry.may_refuse)):
        expected = model(*inputs)
        for form in (compiled, loaded):
            assert_same_or_refused(form, inputs, expected, may_refuse=may_refuse)


def assert_same_or_refused(form: Any, inputs: tuple[Any, ...], expected: Any, *, may_refuse: bool) -> None:
    try:
        with torch.no_grad():
            actual = form(*inputs)
    except (ValueError, torch.jit.Error) as error:
        if may_refuse and ("scriptkit trace check" in str(error) or "traced for" in str(error)):
            return
        raise
    assert not compare(_plain(expected), _plain(restored(flatten(expected)[1], actual)))


def _plain(value: Any) -> Any:
    """TorchScript has one kind of mapping."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return value
