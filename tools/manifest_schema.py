"""Write the JSON schema of the manifest where the site publishes it: `python -m tools.manifest_schema`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scriptkit.artifact.manifest import Manifest

SCHEMA = Path(__file__).parent.parent / "docs" / "manifest.schema.json"


def schema_text() -> str:
    """The schema of what this version writes."""
    return json.dumps(Manifest.model_json_schema(), indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write the schema; with `--check`, fail where it is not up to date."""
    if "--check" in sys.argv:
        sys.exit(None if SCHEMA.read_text(encoding="utf-8") == schema_text() else f"{SCHEMA.name} is out of date")
    SCHEMA.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
