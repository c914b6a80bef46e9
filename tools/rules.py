"""Write the pages of the rules from the rules: `python -m tools.rules`; `--check` fails when one is stale."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scriptkit.checking import Selection
from scriptkit.checking.judging import judge_text
from scriptkit.diagnostics import render
from scriptkit.fixing import is_repaired
from scriptkit.language.operators import BASE
from scriptkit.language.versions import judged_for
from scriptkit.rules import all_rules
from scriptkit.rules.examples import HEADER, program
from scriptkit.rules.groups import GROUPS, group_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.rules import Rule

DOCS = Path(__file__).parent.parent / "docs"
INDEX = DOCS / "rules.md"
FOLDER = DOCS / "rules"
WRITTEN = "<!-- written by `make rules`; the text stands in scriptkit/rules/{file} -->"
INTRODUCTION = """\
# Rules

<!-- written by `make rules`; the texts stand in scriptkit/rules -->

Each rule is one mistake, with a page of its own. The installed torch decides in the tests that the first program there
is refused, or computes something else, and that the last one compiles. `scriptkit explain NAME` shows the same in a
terminal; a comment `# scriptkit: allow[NAME]` on the line, or on the line of the class, silences a rule.

*Repaired* are those that `scriptkit check --fix` repairs where it can prove it. The word below a heading names the
group for `select` and `ignore`. [What the compiler says](messages.md) leads from its words to the rule.
"""
MESSAGES = """\
# What the compiler says

<!-- written by `make rules`; the texts stand in scriptkit/rules -->

The words of torch, each with the rule that tells them in yours. Search this page for what you got; names and types in
it are those of the example. `scriptkit check FILE` says the same of your own file, before it is compiled.
"""
# not in the sidebar: it would hold a hundred and more names
ALONE = "---\norphan: true\n---\n"


def main() -> None:
    """Write the pages, or say which are stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    wanted = pages()
    stale = [file for file, text in wanted.items() if not file.is_file() or file.read_text(encoding="utf-8") != text]
    left_over = [file for file in FOLDER.glob("*.md") if file not in wanted]
    if parser.parse_args().check:
        if stale or left_over:
            names = ", ".join(file.name for file in [*stale, *left_over])
            sys.exit(f"run `make rules`: stale in docs: {names}")
        return
    FOLDER.mkdir(exist_ok=True)
    for file in stale:
        file.write_text(wanted[file], encoding="utf-8")
    for file in left_over:
        file.unlink()


def pages() -> dict[Path, str]:
    """The text of the page of all rules, and of each rule's own."""
    own = {}
    for rule in all_rules():
        with judged_for(rule.since or BASE):
            own[FOLDER / f"{rule.name}.md"] = "\n".join(page(rule))
    return {INDEX: "\n".join(index()), DOCS / "messages.md": "\n".join(messages()), **own}


def index() -> Iterator[str]:
    """The page of all rules, line by line."""
    yield INTRODUCTION
    for group in GROUPS:
        title = group.title
        rules = [rule for rule in all_rules() if group_of(rule) == group]
        yield f"## {title}\n\n`{group.name}`\n\n| code | name | finds | is | repaired |\n|---|---|---|---|---|"
        for rule in rules:
            link, repaired = f"[{rule.name}](rules/{rule.name}.md)", "yes" if is_repaired(rule) else ""
            yield f"| {rule.code} | {link} | {summary(rule)} | {kind(rule)} | {repaired} |"
        yield ""


def kind(rule: Rule) -> str:
    """How much a finding of it matters."""
    if rule.optional:
        return f"{rule.severity}, where it is selected"
    return f"{rule.severity} for plain torch.jit" if rule.lifted else rule.severity


def messages() -> Iterator[str]:
    """The page of what the compiler says, for those who search for its words."""
    yield MESSAGES
    told: dict[str, dict[str, None]] = {}
    for rule in (rule for rule in all_rules() if rule.engine == "torchscript"):
        for example in rule.INVALID:
            if example.torch_says:
                told.setdefault(example.torch_says, {})[rule.name] = None
    yield "| the compiler says | the rule that explains it |\n|---|---|"
    for words, names in sorted(told.items(), key=lambda item: item[0].lower()):
        links = ", ".join(f"[{name}](rules/{name}.md)" for name in names)
        yield f"| {literal(words)} | {links} |"
    yield ""


def literal(words: str) -> str:
    """Words as code in a table: what would end the code or the cell is escaped."""
    plain = " ".join(words.split()).replace("|", "\\|")
    return f"`` {plain} ``" if "`" in plain else f"`{plain}`"


def page(rule: Rule) -> Iterator[str]:
    """One rule: what it finds and why, an example with its message, what torch says, what to write instead."""
    yield ALONE
    yield f"# {rule.name}\n\n{WRITTEN.format(file=Path(inspect.getfile(type(rule))).name)}\n"
    yield f"{rule.code}{remarks(rule)}\n"
    yield f"{inspect.getdoc(rule)}\n"
    for example in rule.INVALID[:1]:
        source = shown(example.source)
        yield fenced("python", source)
        for finding in judge_text(source, "example.py", Selection((rule.name,)), all_modules=True)[:1]:
            yield fenced("text", render(finding, source))
        who = "torch" if rule.engine == "torchscript" else "`scriptkit.export_program`"
        says = f"What {who} says: `{example.torch_says}`" if example.torch_says else "Torch says nothing."
        yield f"{says}\n"
    words = dict.fromkeys(example.torch_says for example in rule.INVALID)
    others = [literal(said) for said in list(words)[1:] if said]
    if others:
        yield f"Or: {', '.join(others)}\n"
    yield "Write instead:\n"
    yield fenced("python", shown(rule.VALID[0]))


def summary(rule: Rule) -> str:
    """The first line of its documentation."""
    return (rule.__doc__ or "").partition("\n")[0].strip().replace("|", "\\|")


def remarks(rule: Rule) -> str:
    """What is special about a rule."""
    found = [
        "a warning" if rule.severity == "warning" else "",
        "works in a `ScriptableModule`" if rule.lifted else "",
        "off unless it is selected" if rule.optional else "",
        'with `engines = ["torchscript", "export"]`' if rule.engine == "export" else "",
        f"from torch {rule.since} on" if rule.since else "",
        f"before torch {rule.until}" if rule.until else "",
    ]
    return "".join(f", {remark}" for remark in found if remark)


def shown(example: str) -> str:
    """The whole file an example stands for, with those of the usual imports that it needs."""
    before, _, rest = program(example).partition(HEADER)
    body = rest.strip("\n")
    imports = "\n".join(filter(None, (needed(line, body) for line in ast.parse(HEADER).body)))
    head = "\n\n".join(filter(None, (before.strip(), imports)))
    return "\n\n\n".join(filter(None, (head, body))) + "\n"


def needed(statement: ast.stmt, body: str) -> str:
    """An import without the names that the body does not use; nothing if it uses none."""
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        raise TypeError(f"not an import: {ast.unparse(statement)}")
    statement.names = [name for name in statement.names if re.search(rf"\b{name.asname or name.name}\b", body)]
    return ast.unparse(statement) if statement.names else ""


def fenced(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.strip(chr(10))}\n```\n"


if __name__ == "__main__":
    main()
