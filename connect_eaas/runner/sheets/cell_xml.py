"""The XML of one cell, whatever its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from connect_eaas.runner.sheets.cells import column_letters
from connect_eaas.runner.sheets.errors import CellValueError
from connect_eaas.runner.sheets.serial import date_to_serial, time_to_serial
from connect_eaas.runner.sheets.text import MAX_CELL_LENGTH, encode

__all__ = ["ERRORS", "CellXml"]

ERRORS: Final = frozenset({"#N/A", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#GETTING_DATA"})
"""Texts that become cells with that error."""


class CellXml:
    """Writes cells of one sheet.

    Args:
        columns: the columns' names, for messages.
        formats: the style of values that show as numbers without one, by their type.
        null: the cell error that stands for None; without it such cells are left out.
    """

    def __init__(self, columns: Sequence[str], formats: Mapping[type, int], null: str | None) -> None:
        self._columns = columns
        self.formats: Final = formats
        self.null: Final = null
        self.letters: Final = [column_letters(number) for number in range(1, len(columns) + 1)]

    def cell(self, letters: str, number: object, value: Any, style: int = 0) -> str:
        """A cell of any type.

        Args:
            letters: its column.
            number: its row, as number or text.
            value: what it holds.
            style: the number of its style, 0 for none.

        Raises:
            CellValueError: it cannot hold this value.
        """
        start = f'<c r="{letters}{number}"'
        plain = f'{start} s="{style}"' if style else start
        if value is None:
            if self.null is None:
                return f"{plain}/>" if style else ""
            return f'{plain} t="e"><v>{self.null}</v></c>'
        if isinstance(value, str):
            if value in ERRORS:
                return f'{plain} t="e"><v>{value}</v></c>'
            if len(value) > MAX_CELL_LENGTH:
                raise self._wrong(letters, f"a cell holds {MAX_CELL_LENGTH} characters, this text has {len(value)}")
            text, careful = encode(str(value))
            keep = ' xml:space="preserve"' if careful else ""
            return f'{plain} t="inlineStr"><is><t{keep}>{text}</t></is></c>'
        if isinstance(value, bool):
            return f'{plain} t="b"><v>{int(value)}</v></c>'
        if isinstance(value, (int, float, Decimal)):
            if not (isinstance(value, int) or isfinite(value)):
                return f'{plain} t="e"><v>#NUM!</v></c>'
            shown = repr(float(value)) if isinstance(value, float) else str(value)
            return f"{plain}><v>{shown}</v></c>"
        for kind in (datetime, date, time, timedelta):
            if isinstance(value, kind):
                serial = date_to_serial(value) if isinstance(value, date) else time_to_serial(value)
                return f'{start} s="{style or self.formats[kind]}"><v>{serial!r}</v></c>'
        raise self._wrong(letters, f"a cell cannot hold a {type(value).__name__}")

    def _wrong(self, letters: str, problem: str) -> CellValueError:
        return CellValueError(str(self._columns[self.letters.index(letters)]), problem)
