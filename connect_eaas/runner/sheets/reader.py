"""Reads the rows of a sheet, block by block: memory does not grow with the file.

Values come as openpyxl would give them: whole numbers as int, others as float, dates as datetime, times of day as
time, durations as timedelta, formulas as the value that was last computed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple

from connect_eaas.runner.sheets.cells import RawRow, raw_rows
from connect_eaas.runner.sheets.errors import SheetError
from connect_eaas.runner.sheets.package import Package
from connect_eaas.runner.sheets.plans import Convert, PlannedRows, RawCell, RowPlan
from connect_eaas.runner.sheets.serial import EPOCH_1900, EPOCH_1904, duration_from_serial, from_serial
from connect_eaas.runner.sheets.strings import SharedStrings, read_strings
from connect_eaas.runner.sheets.styles import CellStyle, StyleBook
from connect_eaas.runner.sheets.text import decode, decode_escapes

__all__ = ["InputRow", "SheetReader"]

_CACHED_DATES: Final = 2048


class InputRow(NamedTuple):
    """Values by column name, and styles too if they were asked for."""

    values: dict[str, Any]
    styles: dict[str, CellStyle] | None


class SheetReader:
    """One sheet of a workbook, first row the columns' names.

    Args:
        path: the workbook.
        sheet: the sheet's name.
        styles: read the cells' styles too.

    Raises:
        SheetError: it is no workbook, or has no such sheet, or the sheet has no columns.
    """

    def __init__(self, path: Path, sheet: str, *, styles: bool = False) -> None:
        self._sheet = sheet
        self._wants_styles = styles
        self._strings = SharedStrings()
        self._rows: Generator[RawRow | PlannedRows, None, None] | None = None
        self._package = Package(path)
        try:
            part = self._package.sheets.get(sheet)
            if part is None:
                known = ", ".join(map(repr, self._package.sheets)) or "none"
                raise SheetError(f"the workbook has no sheet {sheet!r} (it has: {known})")
            if self._package.strings is not None:
                read_strings(self._package.chunks(self._package.strings), self._strings)
            styles_part = self._package.styles
            self.styles = StyleBook(self._package.read(styles_part) if styles_part is not None else None)
            self._dates = {str(index): kind for index, kind in self.styles.dates().items()}
            self._epoch = EPOCH_1904 if self._package.is_1904 else EPOCH_1900
            self._plan: RowPlan | None = None
            self._rows = raw_rows(self._package.chunks(part), sheet, lambda: self._plan)
            # Number of the last row that was read.
            self._last = 0
            self._by_letters = self._header()
        except BaseException:
            self.close()
            raise
        self.names: Final = list(self._by_letters.values())
        self._blank: dict[str, Any] = dict.fromkeys(self.names)
        if not styles:
            # A plan does not tell the styles of cells without a value.
            self._plan = RowPlan(self._by_letters, self._converter)
        # Rows without any value behind the last one that has some; complete once all blocks were read.
        self.trailing_blank = 0

    def __enter__(self) -> SheetReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._rows is not None:
            # A row in the middle keeps the part open.
            self._rows.close()
        self._strings.close()
        self._package.close()

    def blank(self) -> InputRow:
        """A row without values."""
        return InputRow(self._blank.copy(), {} if self._wants_styles else None)

    def blocks(self, size: int) -> Iterator[list[InputRow]]:
        """The rows below the header, about ``size`` at a time.

        Rows that the file leaves out between others are blank; blank ones at the end are only counted.

        Raises:
            SheetError: the sheet is damaged; names the cell.
        """
        block: list[InputRow] = []
        blank = 0
        for rows in self._runs():
            for row in rows:
                if row is None:
                    blank += 1
                    continue
                while blank:
                    block.append(self.blank())
                    blank -= 1
                    if len(block) >= size:
                        yield block
                        block = []
                block.append(row)
            if len(block) >= size:
                yield block
                block = []
        self.trailing_blank = blank
        if block:
            yield block

    def _runs(self) -> Iterator[Iterable[InputRow | None]]:
        """Rows that follow each other, None for blank ones."""
        for item in self._rows or ():
            if isinstance(item, RawRow):
                values = self._values(item)
                styles = self._styles(item) if self._wants_styles else None
                if self._plan is not None and not item.decoded:
                    self._plan.learn(item.cells)
                yield repeat(None, self._left_out(item.number))
                yield (None if values is None else InputRow(values, styles),)
                continue
            numbers, last = item.numbers, self._last
            if not item.blank and numbers == list(range(last + 1, last + 1 + len(numbers))):
                self._last = numbers[-1]
                yield [InputRow(values, None) for values in item.values]
                continue
            for index, number in enumerate(numbers):
                yield repeat(None, self._left_out(number))
                yield (None if index in item.blank else InputRow(item.values[index], None),)

    def _left_out(self, number: int) -> int:
        """How many rows the file leaves out before this one, which comes next."""
        if number <= self._last:
            raise SheetError(f"sheet {self._sheet!r}: row {number} stands behind row {self._last}")
        missing, self._last = number - self._last - 1, number
        return missing

    def _header(self) -> dict[str, str]:
        """Column letters → name, from the first row that is not empty."""
        for row in self._rows or ():
            if not isinstance(row, RawRow):
                continue  # There is no plan yet.
            self._left_out(row.number)
            names: dict[str, str] = {}
            for cell in row.cells:
                value = self._value(cell, row)
                if value is None or value == "":
                    continue
                name = str(value)
                if name in names.values():
                    raise SheetError(f"sheet {self._sheet!r}: there are two columns {name!r}")
                names[cell[0]] = name
            if names:
                return names
        raise SheetError(f"sheet {self._sheet!r} is empty: its first row names the columns")

    def _values(self, row: RawRow) -> dict[str, Any] | None:
        """Values by name; None if there is not a single one."""
        values = self._blank.copy()
        by_letters, strings, dates = self._by_letters, self._strings, self._dates
        table = strings.all_in_memory
        decoded = row.decoded
        found = False
        try:
            for letters, style, kind, value, inline in row.cells:
                name = by_letters.get(letters)
                if name is None:
                    continue
                cell: Any
                if kind == "s":
                    if value == "":
                        continue
                    index = int(value)
                    cell = table[index] if table is not None and index >= 0 else strings[index]
                elif kind == "" or kind == "n":
                    if value == "":
                        continue
                    cell = self._moment(float(value), style) if style and style in dates else _number(value)
                elif kind == "inlineStr":
                    cell = decode_escapes(inline) if decoded else decode(inline)
                    if cell == "":
                        continue
                elif kind == "b":
                    if value == "":
                        continue
                    cell = value in ("1", "true")
                else:
                    cell = self._value((letters, style, kind, value, inline), row)
                    if cell is None:
                        continue
                values[name] = cell
                found = True
        except (ValueError, IndexError, OverflowError) as error:
            raise SheetError(f"sheet {self._sheet!r}, cell {letters}{row.number}: {error}") from error
        return values if found else None

    def _converter(self, kind: str, style: str) -> Convert | None:
        """How a plan makes values of columns with cells of this type and style."""
        if kind == "inlineStr":
            return None
        if kind == "s":
            return self._shared
        if kind == "b":
            return _flags
        if kind not in ("", "n"):
            raise LookupError(kind)
        if style and style in self._dates:
            # The same days come again and again.
            moment = lru_cache(_CACHED_DATES)(lambda text: self._moment(float(text), style) if text else None)
            return lambda texts: list(map(moment, texts))
        return _numbers

    def _shared(self, texts: Sequence[str]) -> list[str | None]:
        strings = self._strings
        table = strings.all_in_memory
        if table is None:
            return [strings[int(text)] if text else None for text in texts]
        numbers = [int(text) if text else None for text in texts]
        if min((number for number in numbers if number is not None), default=0) < 0:
            raise IndexError
        return [None if number is None else table[number] for number in numbers]

    def _styles(self, row: RawRow) -> dict[str, CellStyle]:
        names, style = self._by_letters, self.styles.style
        return {names[letters]: style(int(index or 0)) for letters, index, _, _, _ in row.cells if letters in names}

    def _moment(self, serial: float, style: str) -> Any:
        if self._dates[style] == "duration":
            return duration_from_serial(serial)
        return from_serial(serial, self._epoch)

    def _value(self, cell: RawCell, row: RawRow) -> Any:
        """The value of a cell of any type."""
        letters, style, kind, value, inline = cell
        text = decode_escapes if row.decoded else decode
        try:
            if kind == "inlineStr":
                return text(inline) or None
            if value == "":
                return None
            if kind == "s":
                return self._strings[int(value)]
            if kind == "b":
                return value in ("1", "true")
            if kind == "d":
                return datetime.fromisoformat(value[:-1] if value.endswith("Z") else value)
            if kind in ("str", "e"):
                return text(value)
            if style and style in self._dates:
                return self._moment(float(value), style)
            return float(value) if any(mark in value for mark in ".eE") else int(value)
        except (ValueError, IndexError, OverflowError) as error:
            raise SheetError(f"sheet {self._sheet!r}, cell {letters}{row.number}: {error}") from error


def _number(text: str) -> int | float:
    if text.isdigit():
        return int(text)
    return float(text) if "." in text or "e" in text or "E" in text else int(text)


def _numbers(texts: Sequence[str]) -> Sequence[int | float | None]:
    if "" in texts:
        return [_number(text) if text else None for text in texts]
    joined = "".join(texts)
    if joined.isdigit():
        return list(map(int, texts))
    if joined.count(".") == len(texts):
        # Two in one text would be an error, so each has one.
        return list(map(float, texts))
    return [float(text) if "." in text else _number(text) for text in texts]


def _flags(texts: Sequence[str]) -> list[bool | None]:
    return [text in ("1", "true") if text else None for text in texts]
