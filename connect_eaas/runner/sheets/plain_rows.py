"""The XML of many rows without styles, made column by column.

What has to be looked at before a value can be written is looked at for a whole column at once; then one template is
filled in for each row. A column that needs more care than that has its cells written one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from connect_eaas.runner.sheets.cell_xml import ERRORS, CellXml
from connect_eaas.runner.sheets.serial import date_to_serial, time_to_serial
from connect_eaas.runner.sheets.text import MAX_CELL_LENGTH

__all__ = ["PlainRows"]

_CACHED_DATES: Final = 2048
_NUMBERS: Final = frozenset({int, float})
_NONE: Final = type(None)


class PlainRows:
    """Writes rows of one sheet.

    Args:
        cells: what writes its cells one by one.
    """

    def __init__(self, cells: CellXml) -> None:
        self._cells = cells
        # The same days come again and again.
        self._day: Callable[[date], str] = lru_cache(_CACHED_DATES)(lambda moment: repr(date_to_serial(moment)))

    def xml(self, rows: Sequence[Sequence[Any]], first: int) -> str:
        """The rows; ``first`` is the number of the first one.

        Raises:
            CellValueError: a cell cannot hold its value; it is not told which row that is.
            ValueError: a row has not as many values as there are columns.
        """
        if not rows:
            return ""
        columns = list(zip(*rows, strict=True))
        if len(columns) != len(self._cells.letters):
            raise ValueError(f"a row has {len(self._cells.letters)} values, not {len(columns)}")
        numbers = list(map(str, range(first, first + len(rows))))
        pieces = ['<row r="%s">']
        arguments: list[Sequence[Any]] = [numbers]
        for letters, column in zip(self._cells.letters, columns, strict=True):
            piece, values = self._column(letters, column, numbers)
            pieces.append(piece)
            arguments += values
        template = "".join([*pieces, "</row>"])
        return "".join(map(template.__mod__, zip(*arguments)))  # noqa: B905  # of equal length

    def _column(self, letters: str, column: Sequence[Any], numbers: list[str]) -> tuple[str, list[Sequence[Any]]]:
        """A template of the column's cells and the values to fill in."""
        kinds = set(map(type, column))
        sparse = _NONE in kinds
        kinds.discard(_NONE)
        found = self._of_kinds(kinds, [value for value in column if value is not None] if sparse else column)
        if found is None:
            cell = self._cells.cell
            return "%s", [[cell(letters, number, value) for number, value in zip(numbers, column, strict=True)]]
        kind, values = found
        piece = f'<c r="{letters}%s"{kind}</c>'
        if not sparse:
            return piece, [numbers, values]
        given = iter(values)
        null = "" if self._cells.null is None else f't="e"><v>{self._cells.null}</v></c>'
        begin = f'<c r="{letters}'
        cells = [
            (null and f'{begin}{number}" {null}') if value is None else piece % (number, next(given))
            for number, value in zip(numbers, column, strict=True)
        ]
        return "%s", [cells]

    def _of_kinds(self, kinds: set[type], column: Sequence[Any]) -> tuple[str, Sequence[Any]] | None:
        """What follows a cell's address, and the values to fill in; None if cells need care one by one."""
        if not kinds:
            return "", ()
        if kinds == {str}:
            texts = _texts(column)
            return None if texts is None else (' t="inlineStr"><is><t>%s</t></is>', texts)
        if kinds <= _NUMBERS:
            return ("><v>%r</v>", column) if _all_finite(kinds, column) else None
        if kinds == {bool}:
            return ' t="b"><v>%d</v>', column
        formats = self._cells.formats
        kind = next(iter(kinds))
        if len(kinds) > 1 or kind not in formats:
            return None
        # Equal times of day may differ in their offset, so those are not remembered.
        show = self._day if kind in (datetime, date) else lambda moment: repr(time_to_serial(moment))
        return f' s="{formats[kind]}"><v>%s</v>', list(map(show, column))


def _texts(column: Sequence[str]) -> Sequence[str] | None:
    """The texts as XML, None if one of them needs care."""
    joined = f"|{'|'.join(column)}|"
    if (
        not joined.isprintable()
        or "_x" in joined
        or "| " in joined
        or " |" in joined
        or ("|#" in joined and not ERRORS.isdisjoint(column))
        or (len(joined) > MAX_CELL_LENGTH and max(map(len, column)) > MAX_CELL_LENGTH)
    ):
        return None
    if "&" in joined or "<" in joined or ">" in joined:
        return [text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for text in column]
    return column


def _all_finite(kinds: set[type], column: Sequence[float]) -> bool:
    try:
        return float not in kinds or isfinite(sum(column))
    except OverflowError:  # An integer beyond all floats.
        return False
