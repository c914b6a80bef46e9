"""The protocol of pygls, without what it remembers of every change for ever."""

from __future__ import annotations

from typing import Any

from pygls.protocol import LanguageServerProtocol


class ForgetfulProtocol(LanguageServerProtocol):
    """pygls keeps a future for each notification that it handles itself, such as a change, and never removes it."""

    def handle_message(self, message: Any) -> None:
        """Handle a message, and forget what is done."""
        super().handle_message(message)
        futures: dict[Any, Any] = getattr(self, "_request_futures", {})
        for number in [number for number, future in futures.items() if future.done()]:
            del futures[number]
