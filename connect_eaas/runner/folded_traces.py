"""Tracebacks without what an author neither wrote nor can change: the frames inside of the API client."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Final

from connect_eaas.runner.log_records import PlainFormatter

__all__ = ["FoldingFormatter", "folded"]

# Where an API call goes on its way: the public client, ours around it, and the HTTP libraries below.
_LIBRARY: Final = re.compile(
    r"(?:(?:site|dist)-packages[\\/](?P<package>connect[\\/]client|httpx|httpcore|requests|urllib3|anyio)|"
    r"(?P<ours>connect_eaas[\\/]client)(?:\.py|[\\/]))"
)
_FRAME: Final = re.compile(r'  File "(?P<path>[^"]+)", line \d+')
_FEWEST: Final = 2


class FoldingFormatter(PlainFormatter):
    """Lines of text, with folded tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        text = super().format(record)
        return folded(text) if record.levelno >= logging.WARNING else text


def folded(text: str) -> str:
    """Return the text with neighbouring frames of the API client's libraries as one line each, if it has any."""
    if "Traceback (most recent call last)" not in text:
        return text
    return "\n".join(_lines(text.split("\n")))


def _lines(lines: list[str]) -> Iterator[str]:
    # Frames of libraries that were not passed on yet: their lines, and how many there are.
    held: list[str] = []
    count, package, inside = 0, "", False
    for line in lines:
        frame = _FRAME.match(line)
        library = _LIBRARY.search(frame["path"]) if frame is not None else None
        if library is not None:
            package = package or re.sub(r"[\\/]", ".", library["package"] or library["ours"])
            count, inside = count + 1, True
            held.append(line)
        elif inside and frame is None and line.startswith(("    ", "  [Previous line repeated")):
            # The code of the frame, and marks below it.
            held.append(line)
        else:
            yield from _folded(held, count, package)
            held, count, package, inside = [], 0, "", False
            yield line
    yield from _folded(held, count, package)


def _folded(held: list[str], count: int, package: str) -> list[str]:
    return held if count < _FEWEST else [f"  … {count} frames of {package}"]
