"""The language server: the findings of `scriptkit check` on unsaved text, as an editor asks for them.

    editor ── text ──> server ── debounced ──> judging (one thread) ── checking ──> findings ──> positions ──> editor

What is said, and where, comes from the room `checking`; this room knows positions, versions and settings. No torch is
imported, and nothing of the user's runs. Needs pygls (`pip install "scriptkit[lsp]"`).
"""

from __future__ import annotations

__all__ = ["serve"]


def serve() -> None:
    """Serve one editor over the standard input and output, until it says that it is done."""
    from scriptkit.lsp.server import ScriptkitServer

    ScriptkitServer().start_io()
