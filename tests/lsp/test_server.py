"""The language server, asked by a real client: the findings of `check` on unsaved text, repairs, settings, silence."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason='the language server needs `pip install "scriptkit[lsp]"`')
pytest.importorskip("pytest_lsp", reason="the client that asks the server is that of pytest-lsp")

from click.testing import CliRunner
from lsprotocol import types

from scriptkit import check_source
from scriptkit.cli import main
from scriptkit.lsp.judging import Judged
from tests.cli.reports.projects import BAD, GOOD, TWO_PLACES
from tests.lsp.editor import Editor, edited, in_another_process, in_this_process

Story = Callable[[Editor, Path], Coroutine[Any, Any, None]]
ALL = {"allModules": True, "debounce": 0}
REPAIRABLE = GOOD.replace("x + 1", "torch.cat([x, x], axis=0)")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of rules go to a folder of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def play(story: Story, folder: Path, options: Any = ALL, encoding: str | None = None) -> None:
    async def whole() -> None:
        async with in_this_process(folder, options, encoding) as editor:
            await story(editor, folder)

    asyncio.run(whole())


def places(found: Any) -> list[tuple[int, int, int, int, object]]:
    return [
        (d.range.start.line, d.range.start.character, d.range.end.line, d.range.end.character, d.code) for d in found
    ]


def test_an_editor_over_stdio_gets_what_check_says(tmp_path: Path) -> None:
    """One process as editors start it; the steps are those of `docs/editors.md`."""

    async def story() -> None:
        async with in_another_process(tmp_path, ALL) as editor:
            uri, found = await editor.shown(tmp_path / "net.py", TWO_PLACES)
            (wanted,) = check_source(TWO_PLACES, all_modules=True)
            (told,) = found
            assert places(found) == [
                (wanted.line - 1, wanted.column - 1, wanted.end_line - 1, wanted.end_column - 1, wanted.name)
            ]
            assert told.message == wanted.one_line()
            version = editor.type(uri, GOOD)
            assert await editor.told(uri, version) == []
            version = editor.type(uri, REPAIRABLE)
            assert len(await editor.told(uri, version)) == 1
            repair, _ = await editor.actions(uri, 6)
            assert edited(REPAIRABLE, repair) == REPAIRABLE.replace("axis", "dim")

    asyncio.run(story())


def test_a_finding_comes_with_its_labels_its_note_and_the_page_of_its_rule(tmp_path: Path) -> None:
    pages: list[tuple[Path, str]] = []

    async def story(editor: Editor, folder: Path) -> None:
        _, (found,) = await editor.shown(folder / "net.py", TWO_PLACES)
        (wanted,) = check_source(TWO_PLACES, all_modules=True)
        assert found.severity == types.DiagnosticSeverity.Error
        assert found.source == "scriptkit"
        related = [(one.location.range.start.line + 1, one.message) for one in found.related_information or ()]
        assert related == [
            (wanted.line, wanted.label),
            *((label.line, label.text) for label in wanted.secondary),
            (wanted.line, f"note: {wanted.note}"),
        ]
        assert found.code_description is not None
        pages.append((Path(found.code_description.href.removeprefix("file://")), f"# {wanted.code} {wanted.name}\n"))

    play(story, tmp_path)
    ((page, title),) = pages
    assert page.read_text().startswith(title)


def test_a_warning_is_one(tmp_path: Path) -> None:
    async def story(editor: Editor, folder: Path) -> None:
        _, (found,) = await editor.shown(folder / "net.py", GOOD.replace("x + 1", "x + torch.zeros(3)"))
        assert found.severity == types.DiagnosticSeverity.Warning

    play(story, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_positions_count_as_the_editor_does(encoding: str, tmp_path: Path) -> None:
    text = BAD.replace("return (lambda t: t)(x)", 'return [("🙂é", (lambda t: t)(x))][0][1]')
    (wanted,) = check_source(text, all_modules=True)
    line = text.splitlines()[wanted.line - 1]
    before = line[: wanted.column - 1]
    units = (
        len(before.encode(f"{encoding}-le" if encoding != "utf-8" else encoding))
        // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    )

    async def story(editor: Editor, folder: Path) -> None:
        uri, (found,) = await editor.shown(folder / "net.py", text)
        assert found.range.start.character == units
        assert await editor.hover(uri, found.range.start.line, units) is not None
        assert await editor.hover(uri, found.range.start.line, 0) is None
        (allow,) = await editor.actions(uri, found.range.start.line)
        assert edited(text, allow, encoding) == text.replace(
            "[0][1]\n", "[0][1]  # scriptkit: allow[lambda-expression]\n"
        )

    play(story, tmp_path, encoding=encoding)


def test_hover_shows_the_rule(tmp_path: Path) -> None:
    async def story(editor: Editor, folder: Path) -> None:
        uri, (found,) = await editor.shown(folder / "net.py", TWO_PLACES)
        shown = await editor.hover(uri, found.range.start.line, found.range.start.character + 1)
        assert shown is not None
        assert isinstance(shown.contents, types.MarkupContent)
        for words in ("error[SK201]", "note: the compiler refines", "bias = self.bias", "Write instead", "torch says"):
            assert words in shown.contents.value
        other_end = await editor.hover(uri, found.range.start.line - 1, 12)
        assert other_end is not None
        assert await editor.hover(uri, 0, 0) is None
        assert await editor.hover(uri, 500, 3) is None

    play(story, tmp_path)


def test_repairs_and_comments_do_what_they_say(tmp_path: Path) -> None:
    async def story(editor: Editor, folder: Path) -> None:
        uri, _ = await editor.shown(folder / "net.py", REPAIRABLE)
        repair, allow = await editor.actions(uri, 6)
        assert repair.is_preferred
        assert repair.kind == allow.kind == types.CodeActionKind.QuickFix
        assert [one.range.start.line for one in repair.diagnostics or ()] == [6]
        assert check_source(edited(REPAIRABLE, repair), all_modules=True) == []
        assert check_source(edited(REPAIRABLE, allow), all_modules=True) == []
        assert "allow `" in allow.title
        assert await editor.actions(uri, 0) == []
        (everything,) = await editor.actions(uri, 0, ["source.fixAll"])
        assert edited(REPAIRABLE, everything) == REPAIRABLE.replace("axis", "dim")
        assert await editor.actions(uri, 0, ["refactor"]) == []
        version = editor.type(uri, GOOD)
        await editor.told(uri, version)
        assert await editor.actions(uri, 6, ["source.fixAll.scriptkit"]) == []

    play(story, tmp_path)


def test_a_second_rule_joins_the_comment_that_is_there(tmp_path: Path) -> None:
    text = BAD.replace("(lambda t: t)(x)", "(lambda t: t)(x)  # scriptkit: allow[walrus]  # because")

    async def story(editor: Editor, folder: Path) -> None:
        uri, _ = await editor.shown(folder / "net.py", text)
        (allow,) = await editor.actions(uri, 6)
        assert "# scriptkit: allow[lambda-expression, walrus]  # because\n" in edited(text, allow)

    play(story, tmp_path)


def test_where_no_comment_can_stand_the_class_gets_it(tmp_path: Path) -> None:
    """The end of the line lies inside of a text."""
    text = BAD.replace("(lambda t: t)(x)", '(lambda t: t)(x), """\n"""').replace("-> Tensor", "-> tuple[Tensor, str]")

    async def story(editor: Editor, folder: Path) -> None:
        uri, found = await editor.shown(folder / "net.py", text)
        allow = next(one for one in await editor.actions(uri, 6) if "lambda" in one.title)
        assert "in this class" in allow.title
        assert "class Bad(nn.Module):  # scriptkit: allow[lambda-expression]\n" in edited(text, allow)
        assert found

    play(story, tmp_path)


def test_line_ends_of_windows_stay(tmp_path: Path) -> None:
    text = REPAIRABLE.replace("\n", "\r\n")

    async def story(editor: Editor, folder: Path) -> None:
        uri, (found,) = await editor.shown(folder / "net.py", text)
        assert found.range.start.line == 6
        for action in await editor.actions(uri, 6):
            assert check_source(edited(text, action), all_modules=True) == []

    play(story, tmp_path)


def test_each_class_says_in_which_mode_it_compiles(tmp_path: Path) -> None:
    text = (
        "from scriptkit import ScriptableModule\n"
        + BAD
        + GOOD.partition("nn\n")[2]
        + GOOD.partition("nn\n")[2].replace("class Good(nn.Module)", "class Ours(ScriptableModule)")
        + BAD.partition("nn\n")[2].replace("class Bad(nn.Module)", "class Wrong(ScriptableModule)")
        + "class Other:\n    pass\n"
    )
    titles = [
        "not scriptable (1 error): as a part of another module it is lowered or traced",
        "script: compiled as a part of a ScriptableModule, or by scriptkit.compile",
        "script: compiled when it is constructed",
        "not scriptable: 1 error",
    ]

    async def story(editor: Editor, folder: Path) -> None:
        uri, _ = await editor.shown(folder / "net.py", text)
        lenses = await editor.lenses(uri)
        assert [title for _, title in lenses] == titles
        assert all(text.splitlines()[line].startswith("class ") for line, _ in lenses)
        for other in ("def f(:\n", "x = 1\n"):
            await editor.told(uri, editor.type(uri, other))
            assert await editor.lenses(uri) == []
        settings = types.DidChangeConfigurationParams({"scriptkit": {"modes": False}})
        editor.client.workspace_did_change_configuration(settings)
        editor.type(uri, text)
        assert await editor.lenses(uri) == []

    play(story, tmp_path)


def test_settings_are_honoured_and_read_again_when_they_change(tmp_path: Path) -> None:
    settings = tmp_path / "pyproject.toml"
    settings.write_text("[tool.scriptkit]\nall_modules = true\n")

    async def story(editor: Editor, folder: Path) -> None:
        uri, found = await editor.shown(folder / "net.py", BAD)
        assert len(found) == 1
        for text, count in (
            ('[tool.scriptkit]\nall_modules = true\nignore = ["statements"]\n', 0),
            ('[tool.scriptkit]\nall_modules = true\n[tool.scriptkit.per-file-ignores]\n"n*.py" = ["walrus"]\n', 1),
            ('[tool.scriptkit]\nall_modules = true\n[tool.scriptkit.per-file-ignores]\n"n*.py" = ["SK502"]\n', 0),
            ("[tool.scriptkit]\nall_modules = true\n", 1),
            ("[project]\n", 0),
        ):
            settings.write_text(text)
            event = types.FileEvent(settings.as_uri(), types.FileChangeType.Changed)
            editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
            assert len(await editor.told(uri)) == count

    play(story, tmp_path, {"debounce": 0})


def test_what_the_baseline_of_the_project_knows_is_not_shown(tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    settings = tmp_path / "pyproject.toml"
    settings.write_text('[tool.scriptkit]\nall_modules = true\nbaseline = "known.json"\n')
    (tmp_path / "net.py").write_text(BAD)

    async def story(editor: Editor, folder: Path) -> None:
        uri, found = await editor.shown(folder / "net.py", BAD)
        assert len(found) == 1
        (missing,) = await editor.told(settings.as_uri())
        assert (missing.range.start.line, missing.range.start.character) == (2, 12)
        assert "there is no baseline" in missing.message
        paths = [str(folder / "net.py"), "--all-modules", "--baseline", str(known), "--write-baseline"]
        assert CliRunner().invoke(main, ["check", *paths]).exit_code == 0
        editor.type(uri, f"\n\n{BAD}")
        assert await editor.told(uri) == []
        assert await editor.told(settings.as_uri()) == []
        editor.type(uri, BAD.replace("return ", "return (lambda u: u)(x) + "))
        assert len(await editor.told(uri)) == 1

    play(story, tmp_path, {"debounce": 0})


def test_settings_that_an_editor_saves_are_read_again(tmp_path: Path) -> None:
    settings = tmp_path / "pyproject.toml"
    settings.write_text("[tool.scriptkit]\n")

    async def story(editor: Editor, folder: Path) -> None:
        uri, found = await editor.shown(folder / "net.py", BAD)
        assert found == []
        settings.write_text("[tool.scriptkit]\nall_modules = true\n")
        saved = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(settings.as_uri()))
        editor.client.text_document_did_save(saved)
        assert len(await editor.told(uri)) == 1
        other = types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri))
        editor.client.text_document_did_save(other)

    play(story, tmp_path, {"debounce": 0})


def test_a_mistake_in_the_settings_is_shown_at_its_place_and_taken_back(tmp_path: Path) -> None:
    settings = tmp_path / "pyproject.toml"
    settings.write_text('[tool.scriptkit]\nignore = ["lamda-expression"]\n')

    async def story(editor: Editor, folder: Path) -> None:
        uri = editor.open(folder / "net.py", BAD)
        (found,) = await editor.told(settings.as_uri())
        assert (found.range.start.line, found.range.start.character) == (1, 11)
        assert "near it: lambda-expression" in found.message
        settings.write_text("[tool.scriptkit]\nall_modules = true\n")
        editor.type(uri, BAD + "\n")
        assert await editor.told(settings.as_uri()) == []

    play(story, tmp_path, {"debounce": 0})


def test_only_classes_that_are_to_be_scriptable_unless_told_otherwise(tmp_path: Path) -> None:
    async def story(editor: Editor, folder: Path) -> None:
        uri, found = await editor.shown(folder / "net.py", BAD)
        assert found == []
        wishes = types.DidChangeConfigurationParams({"scriptkit": {"allModules": True, "debounce": 10}})
        editor.client.workspace_did_change_configuration(wishes)
        assert len(await editor.told(uri)) == 1
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(None))
        assert len(await editor.told(uri)) == 1
        again = types.DidChangeConfigurationParams({"scriptkit": {"allModules": None, "debounce": "soon", "modes": 1}})
        editor.client.workspace_did_change_configuration(again)
        assert await editor.told(uri) == []

    play(story, tmp_path, None)


def test_edits_in_quick_succession_are_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []
    from scriptkit.checking import paths
    from scriptkit.lsp import judging

    check = paths.check_text

    def counted(text: str, path: str, *arguments: Any, **named: Any) -> Any:
        judged.append(text)
        return check(text, path, *arguments, **named)

    async def story(editor: Editor, folder: Path) -> None:
        uri, _ = await editor.shown(folder / "net.py", GOOD)
        monkeypatch.setattr(judging, "check_text", counted)
        for number in range(20):
            version = editor.type(uri, f"{BAD}# {number}\n")
        assert len(await editor.told(uri, version)) == 1
        assert judged == [f"{BAD}# 19\n"]

    play(story, tmp_path, {"allModules": True, "debounce": 200})


def test_a_broken_file_never_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scriptkit.checking import paths
    from scriptkit.lsp import server

    deep = "x = " + "(" * 5000 + ")" * 5000

    async def story(editor: Editor, folder: Path) -> None:
        uri, (found,) = await editor.shown(folder / "net.py", "def f(:\n")
        assert found.code == "unreadable-file"
        for text in (deep, "\0", "\ud800", "class A(A): pass", ""):
            await editor.told(uri, editor.type(uri, text))
            await editor.actions(uri, 0)
            await editor.hover(uri, 0, 0)
            await editor.lenses(uri)

        def failing(*_: object, **__: object) -> None:
            raise KeyError("why")

        with monkeypatch.context() as patched:
            patched.setattr(paths, "judge_text", failing)
            (told,) = await editor.told(uri, editor.type(uri, BAD))
            assert "internal error" in told.message
        with monkeypatch.context() as patched:
            patched.setattr(server, "diagnostics", failing)
            editor.type(uri, GOOD)
            await editor.lenses(uri)
        assert len(await editor.told(uri, editor.type(uri, BAD + "\n"))) == 1

    play(story, tmp_path)


def test_nothing_is_kept_of_a_closed_document(tmp_path: Path) -> None:
    async def story(editor: Editor, folder: Path) -> None:
        assert editor.server is not None
        for number in range(5):
            uri, _ = await editor.shown(folder / f"net{number}.py", BAD)
            editor.type(uri, GOOD)
            editor.close(uri)
            assert await editor.told(uri) == []
        assert editor.server.known_documents == []

    play(story, tmp_path)


def test_many_edits_leave_nothing_behind(tmp_path: Path) -> None:
    """Nothing of an edit is reachable after the next ones: neither its text nor what was asked about it."""

    def held() -> int:
        gc.collect()
        kinds = (Judged, types.DidChangeTextDocumentParams, Future)
        return sum(issubclass(type(one), kinds) for one in gc.get_objects())  # `isinstance` would ask the objects

    async def story(editor: Editor, folder: Path) -> None:
        uri, _ = await editor.shown(folder / "net.py", BAD)
        counts = []
        for _ in range(3):
            for number in range(30):
                await editor.told(uri, editor.type(uri, f"{BAD}# {number}\n"))
                await editor.hover(uri, 6, 20)
            counts.append(held())
        assert counts[2] <= counts[0] + 3

    play(story, tmp_path)


def test_a_text_that_is_no_file_yet_is_judged_too(tmp_path: Path) -> None:
    async def story(editor: Editor, _: Path) -> None:
        document = types.TextDocumentItem("untitled:Untitled-1", "python", 1, BAD)
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        assert len(await editor.told("untitled:Untitled-1")) == 1

    play(story, tmp_path)


def test_what_the_server_can_do_is_what_it_says(tmp_path: Path) -> None:
    async def story(editor: Editor, _: Path) -> None:
        assert editor.capabilities is not None
        assert editor.capabilities.hover_provider
        assert editor.capabilities.code_lens_provider
        assert isinstance(editor.capabilities.code_action_provider, types.CodeActionOptions)
        assert editor.capabilities.code_action_provider.code_action_kinds == ("quickfix", "source.fixAll.scriptkit")

    play(story, tmp_path)
