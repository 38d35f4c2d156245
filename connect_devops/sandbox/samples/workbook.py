"""A small spreadsheet with believable rows, written as a stream."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import IO, Any, Final
from xml.sax.saxutils import escape

from connect_devops.sandbox.samples.words import Words

__all__ = ["COLUMNS", "sample_rows", "write_workbook"]

COLUMNS: Final[tuple[dict[str, Any], ...]] = (
    {"name": "id", "type": "string", "nullable": False, "description": "Subscription"},
    {"name": "sku", "type": "string", "nullable": False, "description": "Stock keeping unit"},
    {"name": "customer", "type": "string", "nullable": True, "description": "Customer's name"},
    {"name": "price", "type": "decimal", "nullable": False, "description": "Price of a piece", "precision": 2},
    {"name": "quantity", "type": "integer", "nullable": False, "description": "Pieces"},
    {"name": "active", "type": "boolean", "nullable": False, "description": "Whether it is in use"},
    {"name": "purchased", "type": "datetime", "nullable": False, "description": "When it was bought"},
    {"name": "note", "type": "string", "nullable": True, "description": ""},
)
"""The columns of the sample's sheet."""

_EPOCH: Final = datetime(1899, 12, 30)
_DATE_STYLE: Final = 1
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_SHEETS: Final = ("Data", "Columns")


def sample_rows(words: Words, count: int, subscriptions: Sequence[str] = ()) -> Iterator[tuple[Any, ...]]:
    """Rows for ``COLUMNS``; every seventh has no note.

    Args:
        words: names of customers.
        count: how many.
        subscriptions: ids for the first column, in turn; without any they are invented, one for each row.
    """
    customers = [words.company() for _ in range(20)]
    first = datetime(2025, 1, 1, 9)
    for number in range(1, count + 1):
        yield (
            subscriptions[(number - 1) % len(subscriptions)] if subscriptions else f"AS-{number:012d}",
            f"SKU-{number % 37:03d}",
            customers[number % len(customers)],
            round(number % 500 * 1.37 + 0.5, 2),
            number % 90 + 1,
            number % 3 != 0,
            first + timedelta(hours=number % 9000),
            None if number % 7 == 0 else f"Line {number} & more",
        )


def write_workbook(target: IO[bytes], rows: Iterator[tuple[Any, ...]]) -> None:
    """Write a workbook with the sheets ``Data`` and ``Columns``."""
    names = [column["name"] for column in COLUMNS]
    fields = ("Name", "Type", "Nullable", "Description", "Precision")
    described = (tuple(column.get(field.lower()) for field in fields) for column in COLUMNS)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _write_sheet(archive, 1, names, rows)
        _write_sheet(archive, 2, fields, described)
        for part, content in _parts():
            archive.writestr(part, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{content}')


def _write_sheet(archive: zipfile.ZipFile, number: int, names: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    with archive.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as stream:
        stream.write(f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{_MAIN}"><sheetData>'.encode())
        stream.write(_row(1, names).encode())
        for position, row in enumerate(rows, 2):
            stream.write(_row(position, row).encode())
        stream.write(b"</sheetData></worksheet>")


def _row(number: int, values: Sequence[Any]) -> str:
    cells = "".join(
        _cell(f"{chr(65 + column)}{number}", value) for column, value in enumerate(values) if value is not None
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(reference: str, value: Any) -> str:
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, datetime):
        since = value - _EPOCH
        return f'<c r="{reference}" s="{_DATE_STYLE}"><v>{since.days + since.seconds / 86_400!r}</v></c>'
    if isinstance(value, (int, float)):
        return f'<c r="{reference}"><v>{value!r}</v></c>'
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def _parts() -> Iterator[tuple[str, str]]:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbers = range(1, len(_SHEETS) + 1)
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
        f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{overrides}</Types>",
    )
    relation = f'<Relationship Id="%s" Type="{_OFFICE}/%s" Target="%s"/>'
    opening = f'<Relationships xmlns="{_PACKAGE}/relationships">'
    yield "_rels/.rels", f"{opening}{relation % ('rId1', 'officeDocument', 'xl/workbook.xml')}</Relationships>"
    sheets = "".join(relation % (f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers)
    styles = relation % ("rId9", "styles", "styles.xml")
    yield "xl/_rels/workbook.xml.rels", f"{opening}{sheets}{styles}</Relationships>"
    listed = "".join(
        f'<sheet name="{name}" sheetId="{number}" r:id="rId{number}"/>' for number, name in enumerate(_SHEETS, 1)
    )
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
    plain = 'fontId="0" fillId="0" borderId="0"'
    yield (
        "xl/styles.xml",
        f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders>'
        f'<cellStyleXfs count="1"><xf numFmtId="0" {plain}/></cellStyleXfs>'
        f'<cellXfs count="2"><xf numFmtId="0" {plain} xfId="0"/><xf numFmtId="22" {plain} xfId="0"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>",
    )
