"""An editor for the tests: the client of pytest-lsp, with the server in this process or in one of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any

from lsprotocol import types
from pygls.io_ import run_async
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client

from scriptkit.lsp.server import ScriptkitServer
from tests.packaging.environment import ROOT

PATIENCE = 30.0  # seconds: nothing is measured here, only nothing may hang
LOG = logging.getLogger(__name__)


class Editor:
    """Documents, and what the server says of them."""

    def __init__(self, client: LanguageClient, server: ScriptkitServer | None) -> None:
        self.client, self.server = client, server
        self.capabilities: types.ServerCapabilities | None = None
        self._versions: dict[str, int] = {}
        self._told: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        # the client's own way to wait misses what arrives while nobody waits
        client.protocol.fm.features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] = self._told.put_nowait

    async def initialize(self, folder: Path, options: Any = None, encoding: str | None = None) -> None:
        capabilities = client_capabilities("visual_studio_code")
        if encoding is not None and capabilities.general is not None:
            capabilities.general.position_encodings = [types.PositionEncodingKind(encoding)]
        params = types.InitializeParams(capabilities, root_uri=folder.as_uri(), initialization_options=options)
        self.capabilities = (await self.client.initialize_session(params)).capabilities

    def open(self, path: Path, text: str) -> str:
        """Show a text as that of a file; the address that the other methods take."""
        uri = path.as_uri()
        self._versions[uri] = 1
        document = types.TextDocumentItem(uri, "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        return uri

    def type(self, uri: str, text: str) -> int:
        """Change the text, without saving it; the version it has then."""
        self._versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self._versions[uri], uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
        return self._versions[uri]

    def close(self, uri: str) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))

    async def told(self, uri: str, version: int | None = None) -> list[types.Diagnostic]:
        """The next diagnostics of a document, or those of a version."""
        while True:
            params = await asyncio.wait_for(self._told.get(), PATIENCE)
            if params.uri == uri and version in (None, params.version):
                return list(params.diagnostics)

    async def shown(self, path: Path, text: str) -> tuple[str, list[types.Diagnostic]]:
        """Open a document, and wait for its diagnostics."""
        uri = self.open(path, text)
        return uri, await self.told(uri)

    async def hover(self, uri: str, line: int, character: int) -> types.Hover | None:
        place = types.Position(line, character)
        return await self.client.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), place))

    async def actions(self, uri: str, line: int, only: Sequence[str] | None = None) -> list[types.CodeAction]:
        span = types.Range(types.Position(line, 0), types.Position(line, 0))
        context = types.CodeActionContext([], list(only) if only else None)
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), span, context)
        found = await self.client.text_document_code_action_async(params)
        return [one for one in found or () if isinstance(one, types.CodeAction)]

    async def lenses(self, uri: str) -> list[tuple[int, str]]:
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        found = await self.client.text_document_code_lens_async(params)
        return [(one.range.start.line, one.command.title) for one in found or () if one.command is not None]


def edited(text: str, action: types.CodeAction, encoding: str = "utf-16") -> str:
    """The text after an action, as an editor applies it."""
    assert action.edit is not None
    assert action.edit.changes is not None
    (edits,) = action.edit.changes.values()
    lines = text.replace("\r\n", "\n").split("\n")
    unit = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    name = "utf-8" if encoding == "utf-8" else f"{encoding}-le"

    def offset(place: types.Position) -> int:
        before = lines[place.line].encode(name)[: place.character * unit].decode(name)
        return sum(len(line) + 1 for line in lines[: place.line]) + len(before)

    new = "\n".join(lines)
    for edit in sorted(edits, key=lambda one: offset(one.range.start), reverse=True):
        new = new[: offset(edit.range.start)] + edit.new_text.replace("\r\n", "\n") + new[offset(edit.range.end) :]
    return new


@asynccontextmanager
async def in_this_process(folder: Path, options: Any = None, encoding: str | None = None) -> AsyncIterator[Editor]:
    """An editor and a server that talk through a pair of sockets."""
    server, client = ScriptkitServer(), make_test_lsp_client()
    stop, tasks, writers = Event(), [], []
    sides: tuple[Any, Any] = (server, client)
    for side, end in zip(sides, socket.socketpair(), strict=True):
        reader, writer = await asyncio.open_connection(sock=end)
        side.protocol.set_writer(writer)
        running = run_async(stop, reader, side.protocol, LOG, side.report_server_error)
        tasks.append(asyncio.create_task(running))
        writers.append(writer)
    editor = Editor(client, server)
    try:
        await editor.initialize(folder, options, encoding)
        yield editor
    finally:
        stop.set()
        for writer in writers:
            writer.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.shutdown()


@asynccontextmanager
async def in_another_process(folder: Path, options: Any = None) -> AsyncIterator[Editor]:
    """An editor that starts `scriptkit lsp` and talks to it over its standard input and output."""
    client = make_test_lsp_client()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    await client.start_io(sys.executable, "-m", "scriptkit", "lsp", "--stdio", cwd=folder, env=environment)
    editor = Editor(client, None)
    try:
        await editor.initialize(folder, options)
        yield editor
    finally:
        await client.shutdown_session()
        await client.stop()  # type: ignore[no-untyped-call]
