"""How well the rules judge real files: over the corpus of small models, and over classes of other people's packages.

    python tools/corpus.py ../shared/corpus                       # cases/ and verdicts.jsonl
    python tools/corpus.py ../shared/corpus --torch 2.10          # judged for a torch that is not installed
    python tools/corpus.py ../shared/corpus --packages FOLDER     # also wild.jsonl, with the packages' sources in
    FOLDER

The sources come from `pip download --no-deps` of the versions that `wild.jsonl` names, unpacked; nothing of them is
imported.
"""

from __future__ import annotations

import argparse
import ast
import json
import sysconfig
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scriptkit import check_source
from scriptkit.checking.paths import read_text
from scriptkit.language import versions

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic

INSTALLED = Path(sysconfig.get_path("purelib"))


def main() -> None:
    """Print the figures, and every verdict that differs from the compiler's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--packages", type=Path, help="folder with the unpacked packages")
    parser.add_argument("--torch", default="", help="judge for this torch; the default is the installed one")
    parser.add_argument("--quiet", action="store_true", help="figures only")
    arguments = parser.parse_args()
    with versions.judged_for(arguments.torch):
        judge_cases(arguments.corpus, quiet=arguments.quiet)
        if arguments.packages:
            judge_classes(arguments.corpus / "wild.jsonl", arguments.packages, quiet=arguments.quiet)


def judge_cases(corpus: Path, *, quiet: bool) -> None:
    """The small models: what is refused must have an error, best on the culprit line; what compiles must have none."""
    totals: dict[str, int] = defaultdict(int)
    for case in _records(corpus / "verdicts.jsonl"):
        if not versions.holds(case.get("since", ""), case.get("until", "")):
            continue  # another torch says otherwise
        path = corpus / case["file"]
        found = errors(check_source(_as_compiled(read_text(str(path))), path=case["file"], all_modules=True))
        if case["kind"] == "negative":
            places = {*case["culprit"], case["error_line"]} - {None}
            hit = bool(found) and (not places or any(d.line in places for d in found))
            totals["negatives"] += 1
            totals["found"] += bool(found)
            totals["on the line"] += hit
            if not found and not quiet:
                print("missed", case["file"], case["rule"])
            elif not hit and not quiet:
                print("elsewhere", case["file"], sorted(places), told(found))
        elif case["kind"] == "positive":
            totals["positives"] += 1
            totals["flagged"] += bool(found)
            if found and not quiet:
                print("false alarm", case["file"], told(found))
    print(
        f"corpus: {totals['found']} of {totals['negatives']} negatives found ({share(totals, 'found', 'negatives')}), "
        f"{totals['on the line']} on the line ({share(totals, 'on the line', 'negatives')}); "
        f"{totals['flagged']} of {totals['positives']} positives flagged",
    )


def _as_compiled(text: str) -> str:
    """The text of a case, and after it what the verdict is on: a case may make a function instead of a module.

    A module class is checked by itself; a function only where the file gives it to the compiler.
    """
    tree = ast.parse(text)
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    made = (node.value for node in ast.walk(functions["make"]) if isinstance(node, ast.Return))
    compiled = [f"torch.jit.script({one.id})" for one in made if isinstance(one, ast.Name) and one.id in functions]
    return "\n".join([text, *(["import torch"] if compiled else []), *compiled, ""])


def judge_classes(records: Path, packages: Path, *, quiet: bool) -> None:
    """Real classes: those that script must have no error, those that fail by their own text must have one."""
    totals: dict[str, int] = defaultdict(int)
    files: dict[str, list[Diagnostic]] = {}
    for record in _records(records):
        every = _of_class(record, packages, files)
        if every is None:
            totals["without source"] += 1
            continue
        found = errors(every)
        kind = "script" if record["ok"] else "fail" if record["own_source"] else "fail elsewhere"
        totals[kind] += 1
        totals[f"{kind} flagged"] += bool(found)
        totals[f"{kind} warned"] += bool(every)
        if not quiet and ((kind == "script" and found) or (kind == "fail" and not every)):
            what = "false alarm" if found else "missed"
            print(what, f"{record['module']}.{record['qualname']}", told(found), record["error_head"][:100])
    print(
        f"real classes: {totals['fail warned']} of {totals['fail']} failing by their own text found "
        f"({share(totals, 'fail warned', 'fail')}), {totals['fail flagged']} of them as an error, the others depend on "
        "the instance; "
        f"{totals['script flagged']} of {totals['script']} that script flagged "
        f"({share(totals, 'script flagged', 'script')}); {totals['without source']} without source",
    )


def _of_class(record: dict[str, Any], packages: Path, files: dict[str, list[Diagnostic]]) -> list[Diagnostic] | None:
    home = packages if (packages / record["package"]).is_dir() else INSTALLED
    stem = home / record["module"].replace(".", "/")
    path = next((p for p in (stem.with_suffix(".py"), stem / "__init__.py") if p.is_file()), None)
    if path is None:
        return None
    if str(path) not in files:
        files[str(path)] = check_source(read_text(str(path)), path=str(path), all_modules=True)
    name = record["qualname"].rpartition(".")[2]
    return [d for d in files[str(path)] if d.class_name == name]


def errors(found: list[Diagnostic]) -> list[Diagnostic]:
    """The findings that are errors."""
    return [d for d in found if d.severity == "error"]


def told(found: list[Diagnostic]) -> str:
    """The findings in short."""
    return ", ".join(f"{d.line} {d.name}" for d in found)


def share(totals: dict[str, int], part: str, whole: str) -> str:
    """A part in percent."""
    return f"{100 * totals[part] / max(1, totals[whole]):.1f} %"


def _records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


if __name__ == "__main__":
    main()
