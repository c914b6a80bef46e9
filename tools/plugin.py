"""What the mypy plugin shows: over the corpus of small models, and what `mypy --strict` says of torch without it.

python -m tools.plugin tests/corpus
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from benchmarks import model_file

ROOT = Path(__file__).parent.parent
PLUGIN = 'plugins = ["scriptkit.mypy"]\n'
SETTINGS = "[tool.scriptkit]\nall_modules = true\n"
OF_TORCH = ("no-any-return", "no-untyped-call")
_ERROR = re.compile(r"^(?P<path>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[a-z-]+)\]$", re.MULTILINE)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    arguments = parser.parse_args()
    judge_cases(arguments.corpus.resolve())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "models.py")
        file.write_text(model_file.text())
        count_errors_of_torch("a file of thirty modules", [file])
    count_errors_of_torch("the examples", sorted((ROOT / "examples").glob("*.py")))


def judge_cases(corpus: Path) -> None:
    """One run of mypy over every case: what the compiler refuses must have an error of ours, the rest none."""
    found: dict[str, list[int]] = defaultdict(list)
    for path, line, code in errors([corpus / "cases"], PLUGIN):
        if code.startswith("scriptkit"):
            found[Path(path).name].append(line)
    totals: Counter[str] = Counter()
    for record in (corpus / "verdicts.jsonl").read_text().splitlines():
        case = json.loads(record)
        lines = found[Path(case["file"]).name]
        places = {*case["culprit"], case["error_line"]} - {None}
        totals[case["kind"]] += 1
        totals[f"{case['kind']} found"] += bool(lines)
        totals[f"{case['kind']} on the line"] += bool(lines) and (not places or not places.isdisjoint(lines))
        if (case["kind"], bool(lines)) in {("negative", False), ("positive", True)}:
            print("missed" if case["kind"] == "negative" else "false alarm", case["file"], lines)
    negatives = totals["negative"]
    print(
        f"corpus, by mypy: {totals['negative found']} of {negatives} negatives found "
        f"({100 * totals['negative found'] / negatives:.1f} %), {totals['negative on the line']} on the line; "
        f"{totals['positive found']} of {totals['positive']} positives flagged"
    )


def count_errors_of_torch(what: str, paths: list[Path]) -> None:
    """How many errors of `mypy --strict` come from what torch leaves untyped."""
    for words, plugin in (("without", ""), ("with", PLUGIN)):
        codes = Counter(code for _, _, code in errors(paths, plugin))
        print(f"{what}, {words} the plugin:", ", ".join(f"{codes[code]} [{code}]" for code in OF_TORCH))


def errors(paths: list[Path], plugin: str) -> list[tuple[str, int, str]]:
    """Path, line and code of each error that `mypy --strict` tells."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pyproject.toml").write_text(f"[tool.mypy]\nstrict = true\n{plugin}{SETTINGS if plugin else ''}")
        cache = f"--cache-dir={ROOT}/.mypy_cache/tools{'_plugin' if plugin else ''}"
        command = [sys.executable, "-m", "mypy", "--no-error-summary", "--explicit-package-bases", cache]
        done = subprocess.run(
            [*command, f"--config-file={folder}/pyproject.toml", *map(str, paths)],
            cwd=paths[0] if paths[0].is_dir() else paths[0].parent,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.stderr:
        sys.exit(done.stderr)
    return [(match["path"], int(match["line"]), match["code"]) for match in _ERROR.finditer(done.stdout)]


if __name__ == "__main__":
    main()
