"""Other people's models compile, and give on both inputs, also after loading, what they give eagerly.

`SCRIPTKIT_ZOO=quick` runs some, `SCRIPTKIT_ZOO=all` all of them, and then a missing package is an error; without it,
those whose packages happen to be installed run. `make zoo` installs them and prints figures.
"""

from __future__ import annotations

import importlib.util
import os

import pytest

from tests.zoo.audio_and_geometry import MORE
from tests.zoo.catalogue import CATALOGUE, Entry
from tests.zoo.trial import outcome

SELECTED = os.environ.get("SCRIPTKIT_ZOO", "")
ENTRIES = [entry for entry in [*CATALOGUE, *MORE] if entry.is_quick or SELECTED == "all"]


def test_the_catalogue_has_enough_models() -> None:
    assert len({entry.name for entry in [*CATALOGUE, *MORE]}) >= 60
    assert sum(entry.is_quick for entry in [*CATALOGUE, *MORE]) >= 20


@pytest.mark.filterwarnings("ignore")  # other people's code warns of what it likes
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_model_of_other_people_is_right_on_both_inputs_and_after_loading(entry: Entry) -> None:
    if not SELECTED and importlib.util.find_spec(entry.package) is None:
        pytest.skip(f"{entry.package} is not installed")
    found = outcome(entry)
    allowed = {"right", "refused", "refuses the second input"} if entry.may_refuse else {"right"}
    assert found.status in allowed, f"{found.status}: {found.why}"
    assert found.why
