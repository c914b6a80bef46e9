"""The packages of the zoo lie beside those of the project, where they cannot take the place of any of them."""

import sys

from tests.zoo.trial import PACKAGES

if PACKAGES.is_dir():
    sys.path.append(str(PACKAGES))
