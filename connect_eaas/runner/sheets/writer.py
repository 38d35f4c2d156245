"""Writes a workbook row by row, straight into the compressed file: memory does not grow with it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple

from connect_eaas.runner.sheets.cells import column_letters
from connect_eaas.runner.sheets.errors import CellValueError, SheetError
from connect_eaas.runner.sheets.serial import date_to_serial, time_to_serial
from connect_eaas.runner.sheets.styles import StyleBook
from connect_eaas.runner.sheets.text import MAX_CELL_LENGTH, encode

__all__ = ["MAX_COLUMNS", "MAX_ROWS", "SheetWriter", "WorkbookWriter"]

MAX_ROWS: Final = 1_048_576
MAX_COLUMNS: Final = 16_384
_LEVEL: Final = 1
"""Of the compression: higher ones take four times as long for a fifth less."""
_SHAPES: Final = 512
_SPACE: Final = "http://schemas.openxmlformats.org"
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_ERRORS: Final = frozenset({"#N/A", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#GETTING_DATA"})
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
        return SheetWriter(self._zip, f"xl/worksheets/sheet{len(self._sheets)}.xml", columns, self._formats, null)

    def close(self) -> None:
        """Write what is left and close the file."""
        try:
            for part, content in self._parts():
                self._zip.writestr(part, content)
        finally:
            self._zip.close()

    def abandon(self) -> None:
        """Close the file as it is; it is no workbook then."""
        try:
            self._zip.close()
        except ValueError:
            # A sheet is still open for writing: the archive cannot be completed, nor need it.
            if self._zip.fp is not None:
                self._zip.fp.close()
                self._zip.fp = None

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
        self._null = null
        self._columns = columns
        self._formats = formats
        self._letters = [column_letters(number) for number in range(1, len(columns) + 1)]
        self._number = 0
        self._shapes: dict[tuple[type, ...], _Shape] = {}
        information = zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0))
        information.compress_type = zipfile.ZIP_DEFLATED
        information._compresslevel = _LEVEL  # type: ignore[attr-defined]  # public from Python 3.13 on
        self._stream = archive.open(information, "w", force_zip64=True)
        self._stream.write(f'{_DECLARATION}<worksheet xmlns="{_SPACE}/spreadsheetml/2006/main"><sheetData>'.encode())
        self.write([(list(columns), None)])

    @property
    def rows(self) -> int:
        """How many rows were written, the header included."""
        return self._number

    def write(self, rows: Iterable[tuple[Sequence[Any], Sequence[int] | None]]) -> None:
        """Append rows: the values in the order of the columns, and the numbers of their styles, 0 for none.

        Raises:
            CellValueError: a cell cannot hold one of the values.
            SheetError: the sheet is full.
        """
        xml: list[str] = []
        for values, styles in rows:
            self._number += 1
            if self._number > MAX_ROWS:
                raise SheetError(f"a sheet holds {MAX_ROWS} rows, no more")
            xml.append(self._row(values) if styles is None else self._styled_row(values, styles))
        self._stream.write("".join(xml).encode("utf-8"))

    def close(self) -> None:
        """End the sheet."""
        self._stream.write(b"</sheetData></worksheet>")
        self._stream.close()

    def _row(self, values: Sequence[Any]) -> str:
        signature = tuple(map(type, values))
        shape = self._shapes.get(signature)
        if shape is None:
            if len(signature) != len(self._letters):
                raise ValueError(f"a row has {len(self._letters)} values, not {len(signature)}")
            shape = self._shapes[signature] = _Shape.of(signature, self._letters, self._formats, self._null)
            if len(self._shapes) > _SHAPES:
                self._shapes = {signature: shape}
        texts, floats = shape.texts(values), shape.floats(values)
        joined = f"|{'|'.join(texts)}|"
        if (
            not joined.isprintable()
            or "_x" in joined
            or "| " in joined
            or " |" in joined
            or "|#" in joined
            or len(joined) > MAX_CELL_LENGTH
            or not isfinite(sum(floats))
            or shape.template is None
        ):
            return self._row_with_care(values)
        if shape.dates:
            values = list(values)
            for position in shape.dates:
                value = values[position]
                values[position] = date_to_serial(value) if isinstance(value, date) else time_to_serial(value)
        if "&" in joined or "<" in joined or ">" in joined:
            values = list(values)
            for position in shape.text_positions:
                values[position] = values[position].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return shape.template.replace("\0", str(self._number)) % tuple(values)

    def _row_with_care(self, values: Sequence[Any]) -> str:
        number = self._number
        cells = [self._cell(letters, value, 0) for letters, value in zip(self._letters, values, strict=True)]
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _styled_row(self, values: Sequence[Any], styles: Sequence[int]) -> str:
        number = self._number
        cells = [f'<row r="{number}">']
        add = cells.append
        for letters, value, style in zip(self._letters, values, styles, strict=True):
            kind = type(value)
            if kind is str and len(value) <= MAX_CELL_LENGTH and _CAREFUL.search(value) is None and value[:1] != "#":
                add(f'<c r="{letters}{number}" s="{style}" t="inlineStr"><is><t>{value}</t></is></c>')
            elif kind is int or (kind is float and isfinite(value)):
                add(f'<c r="{letters}{number}" s="{style}"><v>{value!r}</v></c>')
            else:
                add(self._cell(letters, value, style))
        add("</row>")
        return "".join(cells)

    def _cell(self, letters: str, value: Any, style: int) -> str:
        """A cell of any type."""
        start = f'<c r="{letters}{self._number}"'
        plain = f'{start} s="{style}"' if style else start
        if value is None:
            if self._null is None:
                return f"{plain}/>" if style else ""
            return f'{plain} t="e"><v>{self._null}</v></c>'
        if isinstance(value, str):
            if value in _ERRORS:
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
            number = repr(float(value)) if isinstance(value, float) else str(value)
            return f"{plain}><v>{number}</v></c>"
        for kind in (datetime, date, time, timedelta):
            if isinstance(value, kind):
                serial = date_to_serial(value) if isinstance(value, date) else time_to_serial(value)
                return f'{start} s="{style or self._formats[kind]}"><v>{serial!r}</v></c>'
        raise self._wrong(letters, f"a cell cannot hold a {type(value).__name__}")

    def _wrong(self, letters: str, problem: str) -> CellValueError:
        return CellValueError(str(self._columns[self._letters.index(letters)]), problem)


class _Shape(NamedTuple):
    """How rows with values of these types look: a template to fill in, and what has to be checked before."""

    template: str | None
    """With a null character for the row's number; None if a type has no cell of its own."""
    texts: Callable[[Sequence[Any]], Sequence[str]]
    floats: Callable[[Sequence[Any]], Sequence[float]]
    text_positions: tuple[int, ...]
    dates: tuple[int, ...]

    @classmethod
    def of(cls, types: Sequence[type], letters: Sequence[str], formats: dict[type, int], null: str | None) -> _Shape:
        pieces = ['<row r="\0">']
        known = True
        for kind, column in zip(types, letters, strict=True):
            if kind is str:
                pieces.append(f'<c r="{column}\0" t="inlineStr"><is><t>%s</t></is></c>')
            elif kind is int or kind is float:
                pieces.append(f'<c r="{column}\0"><v>%r</v></c>')
            elif kind is bool:
                pieces.append(f'<c r="{column}\0" t="b"><v>%d</v></c>')
            elif kind in formats:
                pieces.append(f'<c r="{column}\0" s="{formats[kind]}"><v>%r</v></c>')
            elif kind is type(None):
                error = "" if null is None else f'<c r="{column}\0" t="e"><v>{null}</v></c>'
                pieces.append(f"{error}%.0s")
            else:
                known = False
        texts = tuple(position for position, kind in enumerate(types) if kind is str)
        return cls(
            "".join([*pieces, "</row>"]) if known else None,
            _picker(texts),
            _picker(tuple(position for position, kind in enumerate(types) if kind is float)),
            texts,
            tuple(position for position, kind in enumerate(types) if kind in formats),
        )


def _picker(positions: tuple[int, ...]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    if len(positions) > 1:
        return itemgetter(*positions)
    return lambda values: [values[position] for position in positions]


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
