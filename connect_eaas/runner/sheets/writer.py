"""Writes a workbook row by row, straight into the compressed file: memory does not grow with it."""

from __future__ import annotations

import contextlib
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from connect_eaas.runner.sheets.cell_xml import CellXml
from connect_eaas.runner.sheets.errors import CellValueError, SheetError
from connect_eaas.runner.sheets.part_stream import PartStream
from connect_eaas.runner.sheets.plain_rows import PlainRows
from connect_eaas.runner.sheets.styles import StyleBook
from connect_eaas.runner.sheets.text import MAX_CELL_LENGTH

__all__ = ["MAX_COLUMNS", "MAX_ROWS", "SheetWriter", "WorkbookWriter"]

MAX_ROWS: Final = 1_048_576
MAX_COLUMNS: Final = 16_384
_LEVEL: Final = 1
"""Of the compression: higher ones take four times as long for a fifth less."""
_BLOCK: Final = 1_000
"""Rows whose XML is made at once."""
_SPACE: Final = "http://schemas.openxmlformats.org"
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_CAREFUL: Final = re.compile("[^ -%'-;=?-^`-~\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|^ | $")
"""Texts with such characters are looked at more closely: markup, underscores, white space, control characters."""


class WorkbookWriter:
    """A workbook under construction. Sheets are written one after another.

    Args:
        path: the file; replaced if it exists.
        styles: the styles that cells refer to; by default none but those of dates.
    """

    def __init__(self, path: Path, *, styles: StyleBook | None = None) -> None:
        self.styles = styles or StyleBook()
        # Values that show as numbers without a format of their own.
        self._formats = {
            datetime: self.styles.add_variant(0, "yyyy-mm-dd hh:mm:ss"),
            date: self.styles.add_variant(0, "yyyy-mm-dd"),
            time: self.styles.add_variant(0, "hh:mm:ss"),
            timedelta: self.styles.add_variant(0, "[hh]:mm:ss"),
        }
        self._sheets: list[str] = []
        # The one that was begun last.
        self._sheet: SheetWriter | None = None
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)

    def __enter__(self) -> WorkbookWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def sheet(self, name: str, columns: Sequence[str], *, null: str | None = None) -> SheetWriter:
        """Begin a sheet; the one before has to be closed.

        Args:
            name: the sheet's name.
            columns: what the first row says.
            null: the cell error, such as ``#N/A``, that stands for None; without it such cells are left empty.

        Raises:
            SheetError: there are too many columns.
        """
        if len(columns) > MAX_COLUMNS:
            raise SheetError(f"sheet {name!r}: {len(columns)} columns are more than the {MAX_COLUMNS} possible ones")
        self._sheets.append(name)
        part = f"xl/worksheets/sheet{len(self._sheets)}.xml"
        self._sheet = SheetWriter(self._zip, part, columns, self._formats, null)
        return self._sheet

    def close(self) -> None:
        """Write what is left and close the file."""
        try:
            for part, content in self._parts():
                self._zip.writestr(part, content)
        finally:
            self._zip.close()

    def abandon(self) -> None:
        """Close the file as it is; it is no workbook then."""
        if self._sheet is not None:
            self._sheet.abandon()
        # The disk may be full, which may be why.
        with contextlib.suppress(OSError):
            self._zip.close()

    def _parts(self) -> Iterable[tuple[str, str | bytes]]:
        numbers = range(1, len(self._sheets) + 1)
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        overrides = "".join(
            f'<Override PartName="/xl/{part}.xml" ContentType="{kind}.{suffix}+xml"/>'
            for part, suffix in (
                ("workbook", "sheet.main"),
                ("styles", "styles"),
                *((f"worksheets/sheet{number}", "worksheet") for number in numbers),
            )
        )
        yield (
            "[Content_Types].xml",
            f'{_DECLARATION}<Types xmlns="{_SPACE}/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>',
        )
        relations = f'{_DECLARATION}<Relationships xmlns="{_SPACE}/package/2006/relationships">'
        relation = f'<Relationship Id="%s" Type="{_SPACE}/officeDocument/2006/relationships/%s" Target="%s"/>'
        yield "_rels/.rels", f"{relations}{relation % ('rId1', 'officeDocument', 'xl/workbook.xml')}</Relationships>"
        yield (
            "xl/_rels/workbook.xml.rels",
            relations
            + "".join(relation % (f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers)
            + relation % (f"rId{len(self._sheets) + 1}", "styles", "styles.xml")
            + "</Relationships>",
        )
        sheets = "".join(
            f'<sheet name="{_attribute(name)}" sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(self._sheets, 1)
        )
        yield (
            "xl/workbook.xml",
            f'{_DECLARATION}<workbook xmlns="{_SPACE}/spreadsheetml/2006/main" '
            f'xmlns:r="{_SPACE}/officeDocument/2006/relationships"><sheets>{sheets}</sheets></workbook>',
        )
        yield "xl/styles.xml", self.styles.serialize()


class SheetWriter:
    """One sheet; made by ``WorkbookWriter.sheet``. The header is written already."""

    def __init__(
        self, archive: zipfile.ZipFile, part: str, columns: Sequence[str], formats: dict[type, int], null: str | None
    ) -> None:
        self._cells = CellXml(columns, formats, null)
        self._plain = PlainRows(self._cells)
        self._number = 0
        information = zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0))
        information.compress_type = zipfile.ZIP_DEFLATED
        information._compresslevel = _LEVEL  # type: ignore[attr-defined]  # public from Python 3.13 on
        self._stream = PartStream(archive.open(information, "w", force_zip64=True))
        self._stream.write(f'{_DECLARATION}<worksheet xmlns="{_SPACE}/spreadsheetml/2006/main"><sheetData>'.encode())
        try:
            self.write([(list(columns), None)])
        except BaseException:
            self.abandon()
            raise

    @property
    def rows(self) -> int:
        """How many rows were written, the header included; after a `CellValueError` also the one with that cell."""
        return self._number

    def write(self, rows: Iterable[tuple[Sequence[Any], Sequence[int] | None]]) -> None:
        """Append rows: the values in the order of the columns, and the numbers of their styles, 0 for none.

        Raises:
            CellValueError: a cell cannot hold one of the values.
            SheetError: the sheet is full.
            OSError: the disk cannot take it.
        """
        given = iter(rows)
        while block := list(islice(given, _BLOCK)):
            if self._number + len(block) > MAX_ROWS:
                raise SheetError(f"a sheet holds {MAX_ROWS} rows, no more")
            for plain, group in groupby(block, _is_plain):
                alike = list(group)
                xml = self._plain_rows([values for values, _ in alike]) if plain else self._styled_rows(alike)
                self._stream.write(xml.encode("utf-8"))

    def close(self) -> None:
        """End the sheet."""
        self._stream.write(b"</sheetData></worksheet>")
        self._stream.close()

    def abandon(self) -> None:
        """Leave the sheet as it is."""
        self._stream.abandon()

    def _plain_rows(self, rows: list[Sequence[Any]]) -> str:
        try:
            xml = self._plain.xml(rows, self._number + 1)
        except CellValueError:
            # Columns are looked at one after another, so the first row that is wrong has yet to be found.
            for row in rows:
                self._number += 1
                self._plain.xml([row], self._number)
            raise
        self._number += len(rows)
        return xml

    def _styled_rows(self, rows: Iterable[tuple[Sequence[Any], Sequence[int] | None]]) -> str:
        xml = []
        for values, styles in rows:
            self._number += 1
            xml.append(self._styled_row(values, styles or ()))
        return "".join(xml)

    def _styled_row(self, values: Sequence[Any], styles: Sequence[int]) -> str:
        number = self._number
        cells = [f'<row r="{number}">']
        add = cells.append
        for letters, value, style in zip(self._cells.letters, values, styles, strict=True):
            kind = type(value)
            if kind is str and len(value) <= MAX_CELL_LENGTH and _CAREFUL.search(value) is None and value[:1] != "#":
                add(f'<c r="{letters}{number}" s="{style}" t="inlineStr"><is><t>{value}</t></is></c>')
            elif kind is int or (kind is float and isfinite(value)):
                add(f'<c r="{letters}{number}" s="{style}"><v>{value!r}</v></c>')
            else:
                add(self._cells.cell(letters, number, value, style))
        add("</row>")
        return "".join(cells)


def _is_plain(row: tuple[Sequence[Any], Sequence[int] | None]) -> bool:
    return row[1] is None


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
