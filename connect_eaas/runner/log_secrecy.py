"""Keeps the values of secure variables out of the log, also where the extension's own code logs them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from connect_eaas.redaction import HIDDEN

__all__ = ["HidingFormatter"]

_SHORTEST: Final = 4
"""Shorter values are no secrets, and hiding them would blacken half of the log."""


class HidingFormatter(logging.Formatter):
    """A formatter that hides given texts in what it formats, tracebacks included."""

    _values: tuple[str, ...] = ()

    @classmethod
    def hide(cls, values: Iterable[str | None]) -> None:
        """From now on hide these values, in every log of this process, and no others."""
        known = {value for value in values if value is not None and len(value) >= _SHORTEST}
        # The longest first: one secret may be a part of another.
        cls._values = tuple(sorted(known, key=len, reverse=True))

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        return self.hidden(super().format(record))

    @classmethod
    def hidden(cls, text: str) -> str:
        """Return the text without the values."""
        for value in cls._values:
            text = text.replace(value, HIDDEN)
        return text
