"""A file that is read from pieces: the part that every such file has."""

from __future__ import annotations

import io
import os


class PositionedFile(io.RawIOBase):
    """A place to read from, and a size; `readinto` is what the pieces add."""

    _position = 0
    _size = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The place the next byte is read from."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        return self._position
