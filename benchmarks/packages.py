"""Other people's packages, which `make zoo` installs beside the project's own."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".venv" / "zoo" / "site-packages"


def can_import(package: str) -> bool:
    """Whether a package is there, in this environment or among those of the zoo."""
    if importlib.util.find_spec(package) is None and FOLDER.is_dir() and str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.util.find_spec(package) is not None
