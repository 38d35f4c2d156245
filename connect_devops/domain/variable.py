"""Rules of environment variables. Facts: ``reference/devops-api.md`` 4.3."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MASK", "MAX_NAME", "MAX_VALUE", "check_name", "check_value"]

MASK: Final = "*****"
"""What is shown in place of the value of a secured variable."""
MAX_NAME: Final = 256
MAX_VALUE: Final = 21_960
# The documented pattern is ^[A-Za-z](?:[A-Za-z0-9_\-.]+)*$; this one accepts the same without its backtracking.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_\-.]*")


def check_name(name: object) -> list[tuple[str, str]]:
    """What is wrong with the name: pairs of field and message."""
    if not isinstance(name, str) or not name:
        return [("name", "This field may not be empty.")]
    if len(name) > MAX_NAME:
        return [("name", f"This text may have at most {MAX_NAME} characters, it has {len(name)}.")]
    if not _NAME.fullmatch(name):
        return [("name", "A name begins with a letter, followed by letters, digits, '_', '-' and '.' only.")]
    return []


def check_value(value: object) -> list[tuple[str, str]]:
    """What is wrong with the value: pairs of field and message."""
    if not isinstance(value, str) or not value:
        return [("value", "This field may not be empty.")]
    if len(value) > MAX_VALUE:
        return [("value", f"This text may have at most {MAX_VALUE} characters, it has {len(value)}.")]
    if "\x00" in value:
        return [("value", "This text may not contain the character NUL.")]
    return []
