"""The packages of the zoo lie beside those of the project, where they cannot take the place of any of them."""

import importlib.util
import sys

import pytest

from tests.zoo import torchvision_operators
from tests.zoo.trial import PACKAGES, packages_fit

if packages_fit():
    sys.path.append(str(PACKAGES))


@pytest.fixture(autouse=True)
def _operators_of_torchvision() -> None:
    """Its binary part does not load here, and transformers imports it where it is installed."""
    if importlib.util.find_spec("torchvision") is not None:
        torchvision_operators.declare()
