"""`python -m tests.ecosystem [WORD...]`: every story, as a table; `--write` renews `docs/ecosystem.md`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.ecosystem.models import KINDS
from tests.ecosystem.page import ALLOWED, write_page
from tests.ecosystem.story import STORIES, Outcome, Story
from tests.ecosystem.teller import Teller


def _outcomes(stories: list[tuple[int, Story]]) -> Iterator[tuple[Story, dict[str, Outcome]]]:
    teller = Teller()
    try:
        for place, (number, one) in enumerate(stories, 1):
            found = teller.tell(number)
            marks = "  ".join(f"{kind} {found[kind].verdict}" for kind in KINDS)
            sys.stdout.write(f"[{place}/{len(stories)}] {one.tool}: {one.what}: {marks}\n")
            for kind in KINDS:
                if found[kind].words and found[kind].verdict != "none":
                    sys.stdout.write(f"      {kind}: {found[kind].words}\n")
            sys.stdout.flush()
            yield one, found
    finally:
        teller.close()


def main() -> int:
    """Print the table; 1 where own or compiled differ in more rows than are told of."""
    parser = argparse.ArgumentParser(prog="python -m tests.ecosystem", description=__doc__)
    parser.add_argument("words", nargs="*", help="only stories that have one of these words")
    parser.add_argument("--write", action="store_true", help="renew docs/ecosystem.md")
    parser.add_argument("--json", help="write the outcomes here too")
    options = parser.parse_args()
    wanted = [word.lower() for word in options.words]
    stories = [
        (number, one)
        for number, one in enumerate(STORIES)
        if not wanted or any(word in f"{one.tool} {one.what}".lower() for word in wanted)
    ]
    rows = [*_outcomes(stories)]
    for kind in KINDS:
        counts = sorted(Counter(found[kind].verdict for _, found in rows).items())
        sys.stdout.write(f"{kind}: " + ", ".join(f"{verdict} {count}" for verdict, count in counts) + "\n")
    if options.json:
        table = [[one.tool, one.what, {kind: vars(found[kind]) for kind in KINDS}] for one, found in rows]
        Path(options.json).write_text(json.dumps(table, indent=1), encoding="utf-8")
    if options.write:
        write_page(rows)
    wrong = [one for one, found in rows if {found["own"].verdict, found["compiled"].verdict} & {"differs", "error"}]
    sys.stdout.write(f"own or compiled not as plain: {len(wrong)} of {len(rows)}\n")
    return int(len(wrong) > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
