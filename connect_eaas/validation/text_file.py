"""The text files of a project, each read once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

__all__ = ["TextFiles", "UnreadableError", "line_of"]

_LARGEST: Final = 4_000_000


class UnreadableError(Exception):
    """The file is there, but is no text that can be read; the message says why."""


class TextFiles:
    """Reads files as UTF-8."""

    def __init__(self) -> None:
        self._texts: dict[Path, str] = {}

    def read(self, path: Path) -> str:
        """Return the text of a file.

        Raises:
            FileNotFoundError: there is none.
            UnreadableError: it cannot be read, is very large, or is not UTF-8.
        """
        if path not in self._texts:
            self._texts[path] = _read(path)
        return self._texts[path]

    def lines(self, path: Path) -> list[str]:
        """Return the lines of a file as an editor counts them; none if it cannot be read."""
        try:
            return re.split(r"\r\n|\r|\n", self.read(path))
        except (FileNotFoundError, UnreadableError):
            return []


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise UnreadableError(f"is larger than {_LARGEST} bytes")
        # Line ends stay as they are, so that offsets and line numbers fit what parsers say.
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileNotFoundError(str(path)) from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"is not UTF-8 text (byte {error.start})") from error
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def line_of(text: str, pattern: str, *, after: str | None = None) -> int | None:
    """Return the line (from 1) where ``pattern`` first matches, at or after the first match of ``after``.

    Both are regular expressions in which ``^`` and ``$`` mean a line. None if one of them does not match.
    """
    start = 0
    if after is not None:
        found = re.compile(after, re.MULTILINE).search(text)
        if found is None:
            return None
        start = found.start()
    match = re.compile(pattern, re.MULTILINE).search(text, start)
    return text.count("\n", 0, match.start()) + 1 if match is not None else None
