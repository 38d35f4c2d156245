"""Text measured in the cells of a terminal: wide characters take two, combining ones none."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

from wcwidth import wcswidth, wcwidth

__all__ = ["clusters", "cut", "pad", "printable", "width", "wrap"]

_JOINER = "\u200d"


@functools.lru_cache(maxsize=4096)
def width(text: str) -> int:
    """Return how many cells a printable ``text`` takes."""
    if text.isascii():
        return len(text)
    return max(int(wcswidth(text)), 0)


def printable(text: str) -> str:
    """Return ``text`` with a sign in place of every character that would move the cursor or be nothing."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if _is_control(character) else character for character in text)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in "\u202a\u202b\u202d\u202e"


def clusters(text: str) -> list[str]:
    """Split ``text`` into what people take for one character: a letter with its accents, a composed emoji, a flag."""
    found: list[str] = []
    for character in text:
        if found and (_continues(character, found[-1])):
            found[-1] += character
        else:
            found.append(character)
    return found


def _continues(character: str, before: str) -> bool:
    if before[-1] == _JOINER or "\U0001f3fb" <= character <= "\U0001f3ff":
        return True
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return len(before) == 1 and "\U0001f1e6" <= before <= "\U0001f1ff"
    return wcwidth(character) == 0


def cut(text: str, room: int, more: str = "") -> str:
    """Return as much of ``text`` as has room; if something is missing it ends in ``more``."""
    if width(text) <= room:
        return text
    room -= width(more)
    if room < 0:
        return ""
    kept = ""
    for cluster in clusters(text):
        if width(kept + cluster) > room:
            break
        kept += cluster
    return kept + more


def pad(text: str, room: int) -> str:
    """Return ``text`` cut or filled to exactly ``room`` cells."""
    fitting = cut(text, room)
    return fitting + " " * (room - width(fitting))


def wrap(text: str, room: int, *, parts: str = "") -> list[str]:
    """Split ``text`` into lines of at most ``room`` cells.

    Args:
        text: words.
        room: cells of a line; one character at least is put into each.
        parts: a character after which words may be divided too.
    """
    lines: list[str] = []
    line = ""
    for piece, gap in _pieces(text, parts):
        joined = f"{line}{gap}{piece}" if line else piece
        if width(joined) <= room:
            line = joined
            continue
        if line:
            lines.append(line)
        line = piece
        while width(line) > room:
            start = cut(line, max(room, 1)) or clusters(line)[0]
            lines.append(start)
            line = line[len(start) :]
    if line:
        lines.append(line)
    return lines


def _pieces(text: str, parts: str) -> Iterator[tuple[str, str]]:
    """Give the words, or their parts, each with what is between it and the one before."""
    for word in text.split():
        gap = " "
        for piece in re.findall(f"[^{parts}]*[{parts}]+|[^{parts}]+", word) if parts else [word]:
            yield piece, gap
            gap = ""
