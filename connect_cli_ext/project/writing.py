"""Writing Python as a formatter would, where what is written depends on names and texts of any length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["call", "quoted", "wrapped"]

# The most characters of a line in generated projects.
_WIDTH: Final = 120


def quoted(text: str) -> str:
    """Return a text of one line as a literal, with the quotes that a formatter would choose."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + text.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote


def wrapped(line: str) -> str:
    """Break the head of a function that became too long, as a formatter would."""
    match = re.fullmatch(r"(\s*)((?:async )?def \w+)\((.*)\)( -> .*:)\n", line)
    if match is None or len(line) <= _WIDTH:
        return line
    return f"{call(match[1], match[2], match[3].split(', '))}{match[4]}\n"


def call(indent: str, head: str, arguments: Sequence[str]) -> str:
    """Write a call on one line if it fits, else its arguments on a line of their own, else each on one."""
    inner = ", ".join(arguments)
    if len(f"{indent}{head}({inner})") <= _WIDTH and "def " not in head:
        return f"{indent}{head}({inner})"
    if len(f"{indent}    {inner}") <= _WIDTH:
        return f"{indent}{head}(\n{indent}    {inner}\n{indent})"
    return f"{indent}{head}(\n" + "".join(f"{indent}    {argument},\n" for argument in arguments) + f"{indent})"
