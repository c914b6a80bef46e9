"""What `scriptkit.compile` makes of the corpus of small models, as plain modules.

    python -m tools.compiled_corpus tests/corpus        # cases/ and verdicts.jsonl

Each model is compiled, saved, loaded, and both forms are called twice beside eager. What is refused is listed with its
reason.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch
from rich.progress import track
from torch import nn

import scriptkit
from scriptkit.live.comparison import compare
from tools.importing import imported

if TYPE_CHECKING:
    from types import ModuleType

Outcome = Literal["equal", "refused", "different", "no module", "eager raises"]


def main() -> None:
    """Print the reasons of all that is refused, then the figures; exit with 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    corpus: Path = parser.parse_args().corpus
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    modes: dict[str, Counter[str]] = defaultdict(Counter)
    records = [json.loads(line) for line in (corpus / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    for record in track(records, "compiling", disable=not sys.stderr.isatty()):
        outcome, told = judged(corpus / record["file"])
        counts[record["kind"]][outcome] += 1
        if outcome == "equal":
            modes[record["kind"]][told] += 1
        else:
            print(record["kind"], outcome, record["file"], told)
    for kind, found in counts.items():
        outcomes = ", ".join(f"{number} {outcome}" for outcome, number in found.most_common())
        chosen = ", ".join(f"{number} {mode}" for mode, number in modes[kind].most_common())
        print(f"{kind}: {sum(found.values())} files: {outcomes} (equal ones: {chosen})")
    if any(found["different"] for found in counts.values()):
        sys.exit(1)


def judged(path: Path) -> tuple[Outcome, str]:
    """What became of a file, and the mode of the root, or why."""
    try:
        file = imported(path)
        made, theirs = file.make(), file.make()
    except Exception as error:  # noqa: BLE001 - torch refuses some at import
        return "no module", headline(error)
    if not isinstance(made, nn.Module) or isinstance(made, torch.jit.ScriptModule):
        return "no module", type(made).__name__
    theirs.load_state_dict(made.state_dict())
    try:
        expected = [called(theirs, file), called(theirs, file)]
    except Exception as error:  # noqa: BLE001 - other people's code
        return "eager raises", headline(error)
    try:
        torch.manual_seed(5)
        compiled = scriptkit.compile(made, file.inputs())
        forms = [compiled, *in_file(compiled, file)]
    except Exception as error:  # noqa: BLE001 - scriptkit's, or what `forward` raises for the example inputs
        return "refused", headline(error)
    for form in forms:
        for wanted in expected:
            try:
                found = compare(_plain(wanted), _plain(called(form, file)))
            except Exception as error:  # noqa: BLE001 - an error where eager has none
                return "different", headline(error)
            if found:
                return "different", f"{found[0].path}: {found[0].what}"
    return "equal", scriptkit.report(compiled).rows[0].mode + ("" if len(forms) > 1 else " in no file")


def in_file(compiled: nn.Module, file: ModuleType) -> list[Any]:
    """The model saved and loaded; none where it calls Python on purpose, which no file can hold."""
    buffer = io.BytesIO()
    try:
        scriptkit.save(compiled, buffer, example_inputs=file.inputs())
    except scriptkit.ArtifactError as error:
        if "stays in Python" not in str(error):
            raise
        return []
    buffer.seek(0)
    return [scriptkit.load(buffer)]


def _plain(result: Any) -> Any:
    """TorchScript has dictionaries, and no classes made of them."""
    return dict(result) if isinstance(result, dict) else result


def called(form: Any, file: ModuleType) -> Any:
    """The result for the inputs of the file, with the same random numbers each time."""
    torch.manual_seed(5)
    inputs = file.inputs()
    torch.manual_seed(6)
    return form(*inputs)


def headline(error: BaseException) -> str:
    """The first finding of an error, else its first line."""
    for diagnostic in getattr(error, "diagnostics", ()):
        return f"{diagnostic.line}: {diagnostic.message} ({diagnostic.name})"
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


if __name__ == "__main__":
    main()
