"""What the server answers, and when it judges: after a short silence, on one thread, never twice for one version."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from scriptkit.lsp.actions import KINDS, actions
from scriptkit.lsp.judging import Judged
from scriptkit.lsp.protocol import ForgetfulProtocol
from scriptkit.lsp.settings import Settings, Wishes
from scriptkit.lsp.telling import diagnostics, hover, lenses, of_settings
from scriptkit.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    T = TypeVar("T")

SETTINGS = "**/pyproject.toml"


class ScriptkitServer(LanguageServer):
    """One editor, its open documents, and what is known of each."""

    def __init__(self) -> None:
        full = types.TextDocumentSyncKind.Full
        super().__init__("scriptkit", __version__, text_document_sync_kind=full, protocol_cls=ForgetfulProtocol)
        self.wishes = Wishes()
        self._settings = Settings()
        self._judged: dict[str, Judged] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._told: set[Path] = set()
        # one thread: judging is work, not waiting, and an answer to the editor must not wait for it
        self._worker = ThreadPoolExecutor(1, "scriptkit-judging")
        _add_features(self)

    @property
    def known_documents(self) -> list[str]:
        """The documents that anything is remembered of."""
        return sorted({*self._judged, *self._waiting})

    async def on_worker(self, function: Callable[[], T]) -> T:
        """Run something on the thread that judges."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, function)

    def judge_soon(self, uri: str, delay: float | None = None) -> None:
        """Judge a document when nothing has changed for a while; a change before that begins anew."""
        self._stop_waiting(uri)
        pause = self.wishes.debounce if delay is None else delay
        self._waiting[uri] = asyncio.get_running_loop().create_task(self._judge_after(uri, pause))

    def judge_all_again(self) -> None:
        """Judge every open document once more: something that they all depend on has changed."""
        self._settings.forget()
        self._judged.clear()
        for uri in list(self.workspace.text_documents):
            self.judge_soon(uri, 0)

    def forget(self, uri: str) -> None:
        """Keep nothing of a document that was closed, and take its findings back."""
        self._stop_waiting(uri)
        self._judged.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    async def judged(self, uri: str) -> Judged:
        """The document as it is now, judged."""
        document = self.workspace.get_text_document(uri)
        path, text = to_fs_path(uri) or uri, document.source
        known = self._judged.get(uri)
        project = self._settings.of(path, self.wishes)
        if known is not None and known.text == text and known.project == project:
            return known
        encoding = self.server_capabilities.position_encoding or types.PositionEncodingKind.Utf16
        name = str(getattr(encoding, "value", encoding))
        found = await self.on_worker(lambda: Judged.of(path, text, project, name))
        if uri in self.workspace.text_documents:
            self._judged[uri] = found
        return found

    async def _judge_after(self, uri: str, pause: float) -> None:
        try:
            await asyncio.sleep(pause)
            version = self.workspace.get_text_document(uri).version
            judged = await self.judged(uri)
            document = self.workspace.text_documents.get(uri)
            if document is not None and document.version == version:
                found = await self.on_worker(lambda: diagnostics(judged, uri))
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version))
            self._tell_of_settings()
        except Exception:  # one document may not end the server
            logging.getLogger(__name__).exception("%s cannot be judged", uri)
        finally:
            if self._waiting.get(uri) is asyncio.current_task():
                del self._waiting[uri]

    def _tell_of_settings(self) -> None:
        """Show what is wrong with settings in their own file, once, and take it back when it is right."""
        for path, error in self._settings.errors().items():
            if error is not None or path in self._told:
                found = [] if error is None else [of_settings(error)]
                self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(path.as_uri(), found))
                self._told = self._told - {path} if error is None else self._told | {path}

    def _stop_waiting(self, uri: str) -> None:
        task = self._waiting.pop(uri, None)
        if task is not None:
            task.cancel()

    def shutdown(self) -> None:
        """End, and the thread with it."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        super().shutdown()  # type: ignore[no-untyped-call]


def _add_features(server: ScriptkitServer) -> None:
    _add_documents(server)
    _add_answers(server)
    _add_settings(server)


def _add_documents(server: ScriptkitServer) -> None:
    """What happens when documents open, change and close."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: ScriptkitServer, params: types.DidOpenTextDocumentParams) -> None:
        ls.judge_soon(params.text_document.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: ScriptkitServer, params: types.DidChangeTextDocumentParams) -> None:
        ls.judge_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: ScriptkitServer, params: types.DidSaveTextDocumentParams) -> None:
        if params.text_document.uri.endswith("/pyproject.toml"):
            ls.judge_all_again()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: ScriptkitServer, params: types.DidCloseTextDocumentParams) -> None:
        ls.forget(params.text_document.uri)


def _add_answers(server: ScriptkitServer) -> None:
    """What an editor asks about a document."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(ls: ScriptkitServer, params: types.HoverParams) -> types.Hover | None:
        judged = await ls.judged(params.text_document.uri)
        return await ls.on_worker(lambda: hover(judged, params.position))

    options = types.CodeActionOptions(code_action_kinds=KINDS)

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    async def offered(ls: ScriptkitServer, params: types.CodeActionParams) -> list[types.CodeAction]:
        judged = await ls.judged(params.text_document.uri)
        return await ls.on_worker(lambda: actions(judged, params))

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def shown(ls: ScriptkitServer, params: types.CodeLensParams) -> list[types.CodeLens]:
        if not ls.wishes.modes:
            return []
        judged = await ls.judged(params.text_document.uri)
        return await ls.on_worker(lambda: lenses(judged))


def _add_settings(server: ScriptkitServer) -> None:
    """What the editor wishes, and what the project says."""

    @server.feature(types.INITIALIZE)
    def begun(ls: ScriptkitServer, params: types.InitializeParams) -> None:
        ls.wishes = ls.wishes.changed(params.initialization_options)

    @server.feature(types.INITIALIZED)
    def ready(ls: ScriptkitServer, _: types.InitializedParams) -> None:
        files = ls.client_capabilities.workspace and ls.client_capabilities.workspace.did_change_watched_files
        if files and files.dynamic_registration:
            watcher = types.FileSystemWatcher(glob_pattern=SETTINGS)
            options = types.DidChangeWatchedFilesRegistrationOptions([watcher])
            registration = types.Registration("settings", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
            ls.client_register_capability(types.RegistrationParams([registration]))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def written(ls: ScriptkitServer, _: types.DidChangeWatchedFilesParams) -> None:
        ls.judge_all_again()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def wished(ls: ScriptkitServer, params: types.DidChangeConfigurationParams) -> None:
        given: Any = params.settings
        ls.wishes = ls.wishes.changed(given.get("scriptkit") if isinstance(given, dict) else None)
        ls.judge_all_again()
